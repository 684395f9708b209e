-- Which directory is under test, where a spec doesn't say so.

-- The directory that holds the innermost spec/ of a path, or nil where the path has none.
local function above_spec(path)
  local directory = ("/" .. path):match("^(.*)/spec/")
  if not directory then return nil end
  directory = directory:sub(2)
  if directory ~= "" then return directory end
  return path:find("^/") and "/" or "."
end

-- Where the nearest of the callers below a spec/ is: several apps' specs may run at once, so it
-- wins over what `moonroom test` says.
local function of_caller()
  local level = 3
  local info = debug.getinfo(level, "S")
  while info do
    local path = info.source:match("^@(.*)$")
    local directory = path and above_spec(path)
    if directory then return directory end
    level = level + 1
    info = debug.getinfo(level, "S")
  end
end

local function directory() return of_caller() or os.getenv("MOONROOM_TEST_DIR") or "." end

return { directory = directory, above_spec = above_spec }
