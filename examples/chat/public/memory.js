// What a window remembers: its own name and room first, then the browser's last ones. A browser
// may refuse storage altogether, and then nothing is remembered.

function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}

export function remember(key, value) {
  attempt(() => sessionStorage.setItem(key, value));
  attempt(() => localStorage.setItem(key, value));
}

export function recall(key) {
  return attempt(() => sessionStorage.getItem(key)) ?? attempt(() => localStorage.getItem(key));
}

// Whether this window was inside when it was reloaded.
export function rememberInside(inside) {
  if (inside) attempt(() => sessionStorage.setItem("inside", "yes"));
  else attempt(() => sessionStorage.removeItem("inside"));
}

export function wasInside() {
  return attempt(() => sessionStorage.getItem("inside")) === "yes";
}
