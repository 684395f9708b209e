-- How busted reports: a line for each file, each failure in full below it, and
-- the sum at the end. The counts also go to the file that $MOONROOM_COUNTS
-- names, and a line for each failure to that of $MOONROOM_FAILURES, for
-- scripts/test.
local busted = require "busted"
local new_base = require "busted.outputHandlers.base"
local pretty = require "pl.pretty"

local function describe_message(message)
  if type(message) == "string" then
    return message
  end
  return message == nil and "nil error" or pretty.write(message)
end

local function indent(text)
  return "    " .. text:gsub("\n", "\n    ")
end

local function place_of(trace)
  if not trace or not trace.short_src then
    return ""
  end
  return ("%s:%s: "):format(trace.short_src, trace.currentline or "?")
end

local function note_failure(problem)
  local path = os.getenv("MOONROOM_FAILURES")
  if path and path ~= "" then
    local failures <close> = assert(io.open(path, "a"))
    failures:write("FAILED ", place_of(problem.element.trace), problem.name, "\n")
  end
end

local function new_report(options)
  local handler = new_base()
  local reported = {}
  local total = { passed = 0, failed = 0 }

  local function write(format, ...)
    io.write(format:format(...))
    io.flush()
  end

  local function write_problem(kind, problem, with_traceback)
    local trace = problem.element.trace or problem.trace
    note_failure(problem)
    write("\n  %s: %s\n", kind, problem.name)
    write("%s\n", indent(place_of(trace) .. describe_message(problem.message)))
    if with_traceback and problem.trace and problem.trace.traceback then
      write("%s\n", indent(problem.trace.traceback))
    end
  end

  -- Each kind's list only grows: what is beyond the last mark is news.
  local function take_new(kind)
    local first = (reported[kind] or 0) + 1
    reported[kind] = #handler[kind]
    return table.move(handler[kind], first, reported[kind], 1, {})
  end

  local function report_news(title, seconds)
    local passed = take_new("successes")
    local skipped = take_new("pendings")
    local failed = take_new("failures")
    local broken = take_new("errors")
    local wrong = #failed + #broken + #skipped

    if title then
      write("%-48s %4d passed%s  %.2f s\n", title, #passed,
            wrong > 0 and (", %d FAILED"):format(wrong) or "", seconds or 0)
    end
    for _, problem in ipairs(failed) do
      write_problem("failed", problem, options.verbose)
    end
    for _, problem in ipairs(broken) do
      write_problem("error", problem, true)
    end
    for _, problem in ipairs(skipped) do
      write_problem("skipped, which counts as failed", problem, false)
    end
    if wrong > 0 then
      write("\n")
    end
  end

  local function file_ended(file)
    report_news(file.name, file.duration)
    return nil, true
  end

  local function write_counts(passed, failed)
    local path = os.getenv("MOONROOM_COUNTS")
    if path and path ~= "" then
      local counts = assert(io.open(path, "w"))
      counts:write(("%d %d\n"):format(passed, failed))
      counts:close()
    end
  end

  local function suite_ended()
    report_news(nil, nil)
    local passed = handler.successesCount
    local failed = handler.failuresCount + handler.errorsCount + handler.pendingsCount
    write("%d passed, %d failed in %.1f s\n", passed, failed, handler.getDuration())
    total.passed, total.failed = total.passed + passed, total.failed + failed
    write_counts(total.passed, total.failed)
    return nil, true
  end

  -- Under --repeat the base's lists and counts start anew with each round.
  local function suite_reset()
    reported = {}
    return nil, true
  end

  busted.subscribe({ "file", "end" }, file_ended)
  busted.subscribe({ "suite", "reset" }, suite_reset)
  busted.subscribe({ "suite", "end" }, suite_ended)

  return handler
end

return new_report
