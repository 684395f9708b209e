-- The public module: of the running app, or, outside one, of none.

return require("moonroom.current").public
