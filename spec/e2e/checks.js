// One line of JSON a check, for checks.lua.
"use strict";

const LIMIT = 20000; // ms

function report(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

// Settles as the promise does, or fails after so many ms.
async function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// Makes a check: act() fails by throwing.
async function check(name, act) {
  try {
    await within(LIMIT, act(), name);
    report({ check: name, ok: true });
  } catch (error) {
    report({ check: name, ok: false, why: error.stack });
  }
}

// Asks the spec to do something.
function please(what) {
  report({ please: what });
}

// Ends the process as soon as its last line has left; failed checks are the spec's to tell.
function end(code) {
  process.stdout.write("", () => process.exit(code));
}

module.exports = { check, end, please, within };
