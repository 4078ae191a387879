// What the browser keeps: a browser may forbid it, or have no room, and the page works all the same.

/** The value of a name in `localStorage` or `sessionStorage`; null: there is none. */
export function read(storage, name) {
  try {
    return window[storage].getItem(name);
  } catch {
    return null;
  }
}

/** The same as plain data; null if it is not JSON. */
export function readData(storage, name) {
  try {
    return JSON.parse(read(storage, name));
  } catch {
    return null;
  }
}

/** Whether a value could be kept; null removes it. */
export function write(storage, name, value) {
  try {
    if (value === null) window[storage].removeItem(name);
    else window[storage].setItem(name, value);
    return true;
  } catch {
    return false;
  }
}
