-- A text as HTML has it.

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

return function(text) return (text:gsub('[&<>"]', entities)) end
