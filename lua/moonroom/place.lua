-- Where a script does something.

local format, get_info = string.format, debug.getinfo
local match, sub = string.match, string.sub

local function describe(level)
  local info = get_info(level, "Sl")
  if not info or info.currentline < 0 then return nil end
  local file = sub(info.source, 1, 1) == "@" and sub(info.source, 2) or info.short_src
  return format("%s:%d", file, info.currentline)
end

-- "file:line" of a level of the stack, 2 being what called the caller; nil where that is C's, or
-- isn't known.
local function at(level)
  local text = describe(level + 1) -- no tail call, which would be one level less
  return text
end

-- The same; nil also where a tail call has taken that level's place.
local function of_call(level)
  local callee = get_info(level - 1, "t")
  if callee and callee.istailcall then return nil end
  local text = describe(level + 1)
  return text
end

-- A place as it is named below a directory, where it lies there.
local function below(directory, text)
  local root = (directory or ".") .. "/"
  return sub(text, 1, #root) == root and match(text, "^/*(.*)$", #root + 1) or text
end

return { at = at, of_call = of_call, below = below }
