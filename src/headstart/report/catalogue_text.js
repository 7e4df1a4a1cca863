// Values -> words and elements: names are shown as text alone, whatever is in them.

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu; // hidden, or turning the text around them
const JOINERS = new Set(["\u200c", "\u200d"]); // emoji and several scripts need them

/** A name as it may be shown: what can't be seen becomes an escape. */
function shown(text) {
  return text.replace(UNSEEN, (letter) =>
    JOINERS.has(letter) ? letter : `\\u${letter.codePointAt(0).toString(16).padStart(4, "0")}`);
}

/** A share as percent; never all or nothing where it is not. */
function percent(share) {
  if (share === undefined) return "";
  const figure = share * 100;
  if (figure > 99 && figure < 100) return ">99\u00a0%";
  if (figure > 0 && figure < 1) return "<1\u00a0%";
  return `${Math.round(figure)}\u00a0%`;
}

function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** An element with properties, attributes (where a name has a dash, or is "role") and children. */
function make(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name === "text") element.textContent = value;
    else if (name.includes("-") || name === "role" || name === "dir" || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function byId(id) {
  return document.getElementById(id);
}

/** What is searched: one spelling for composed and decomposed letters, and for upper and lower case. */
function searchable(text) {
  return text.normalize("NFC").toLowerCase();
}

/** The file of a photo's thumbnail; the digest is checked, so that it is no other address. */
function pictureOf(sha256) {
  return /^[0-9a-f]{64}$/.test(sha256) ? `thumbnails/${sha256.slice(0, 16)}.jpg` : "";
}
