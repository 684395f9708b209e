-- Calls a function of one line, which must raise a message with that line and these words in it.

return function(words, call)
  local info = debug.getinfo(call, "S")
  local ok, message = pcall(call)
  assert(not ok, "nothing was raised: " .. words)
  local line = ("%s:%d: "):format(info.short_src, info.linedefined)
  assert(message:sub(1, #line) == line, ("not raised at %s but %s"):format(line, message))
  assert(message:find(words, 1, true), ("%q is not in %q"):format(words, message))
end
