// What the lines of init.lua mean: "ann has joined /bongo", "ann says hi", "ann has left /bongo".

const SAYS = " says ";

// Of several known names that fit, the longest: "ann says" may be somebody's name.
function speaker(line, known) {
  let found = null;
  for (const name of known) {
    if (line.startsWith(name + SAYS) && (found === null || name.length > found.length)) {
      found = name;
    }
  }
  return found;
}

function said(line, name) {
  return { kind: "says", name, text: line.slice(name.length + SAYS.length) };
}

// known: the names heard so far. A line that a changed init.lua sends in its own
// words comes back as { kind: "other" }.
export function readLine(line, known) {
  const name = speaker(line, known);
  if (name !== null) return said(line, name);
  const moved = /^(.+) has (joined|left) \/\S*$/.exec(line);
  if (moved) return { kind: moved[2], name: moved[1], text: line };
  const at = line.indexOf(SAYS);
  if (at > 0) return said(line, line.slice(0, at));
  return { kind: "other", text: line };
}
