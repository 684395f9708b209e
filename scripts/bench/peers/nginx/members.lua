-- Of the worker's one room; a module, since that is what all its requests share.
return {}
