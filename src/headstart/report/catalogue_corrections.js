// Which photos were given which class: kept by the browser, undone step by step, saved as a CSV.

const FORMULA = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/; // what a spreadsheet would run

/** A class as people may type it: one spelling, one line, no outer blanks. */
function cleanLabel(text) {
  return text.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, " ").normalize("NFC").trim();
}

/**
 * Bytes of a table: CRLF and doubled quotes (RFC 4180). A word that a spreadsheet would run gets a ' in front,
 * which `headstart learn` takes off again. Letters U+DC80 to U+DCFF stand for bytes of a file name that are
 * no UTF-8; they become those bytes again.
 */
function csvBytes(rows) {
  const text = rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
  const encoder = new TextEncoder();
  const pieces = text.split(/([\udc80-\udcff])/u).map((piece) =>
    /^[\udc80-\udcff]$/u.test(piece) ? Uint8Array.of(piece.charCodeAt(0) - 0xdc00) : encoder.encode(piece));
  return new Blob(pieces, { type: "text/csv" });
}

function csvCell(word) {
  const safe = FORMULA.test(word) ? `'${word}` : word;
  return `"${safe.replaceAll('"', '""')}"`;
}

/** Reads and writes one value of localStorage; `works` is false where the browser forbids it. */
function makeMemory(key) {
  const name = `headstart-catalogue-${key}`;
  let works = true;
  const attempt = (action) => {
    try {
      return action();
    } catch {
      works = false;
      return null;
    }
  };
  const read = () => attempt(() => window.localStorage.getItem(name));
  read();
  return {
    name,
    read,
    write: (text) => attempt(() => window.localStorage.setItem(name, text)),
    get works() { return works; },
  };
}

/**
 * The corrections of this catalogue, by the SHA-256 of the photo: copies of a photo share one.
 *
 * Those that the model has taken in meanwhile (it was trained on the photo with that class) are none any more;
 * they are kept unseen until the next save, because `headstart learn --undo` makes corrections of them again.
 */
function makeCorrections(key, photos, changed) {
  const memory = makeMemory(key);
  const bySha = new Map();
  for (const photo of photos) if (!bySha.has(photo.sha256)) bySha.set(photo.sha256, photo);
  let given = new Map();
  let saved = new Map();
  const steps = [];

  function load() {
    let kept = null;
    try {
      kept = JSON.parse(memory.read() ?? "null");
    } catch {
      kept = null; // another program's, or damaged
    }
    given = labels(kept?.given);
    saved = labels(kept?.saved);
  }

  function isLearned(sha, label) {
    return bySha.get(sha)?.trained === label;
  }

  function labels(value) {
    const pairs = value && typeof value === "object" ? Object.entries(value) : [];
    return new Map(pairs.filter(([, label]) => typeof label === "string" && label));
  }

  function keep() {
    memory.write(JSON.stringify({ given: Object.fromEntries(given), saved: Object.fromEntries(saved) }));
    changed();
  }

  /** Give photos a class, or take it back where `label` is null; one step to undo. */
  function give(digests, label) {
    const before = [];
    for (const sha of new Set(digests)) {
      if (of(sha) === label) continue;
      before.push([sha, given.get(sha) ?? null]);
      put(sha, label);
    }
    if (before.length) steps.push(before);
    if (before.length) keep();
    return before.length;
  }

  /** The class that was given to a photo; null where none was, or the model has learned it. */
  function of(sha) {
    const label = given.get(sha) ?? null;
    return label === null || isLearned(sha, label) ? null : label;
  }

  function put(sha, label) {
    if (label === null) given.delete(sha);
    else given.set(sha, label);
  }

  function undo() {
    const step = steps.pop();
    if (!step) return 0;
    for (const [sha, label] of step) put(sha, label);
    keep();
    return step.length;
  }

  function here(map) {
    return [...map].filter(([sha, label]) => bySha.has(sha) && !isLearned(sha, label));
  }

  function unsaved() {
    const fresh = here(given).filter(([sha, label]) => saved.get(sha) !== label).length;
    return fresh + here(saved).filter(([sha]) => !given.has(sha)).length;
  }

  function file() {
    const rows = here(given).map(([sha, label]) => [bySha.get(sha).path, label, sha]);
    rows.sort((one, other) => (one[0] < other[0] ? -1 : one[0] > other[0] ? 1 : 0));
    return csvBytes([["path", "label", "sha256"], ...rows]);
  }

  function markSaved() {
    given = new Map([...given].filter(([sha, label]) => !isLearned(sha, label)));
    saved = new Map(given);
    keep();
  }

  window.addEventListener("storage", (event) => {
    if (event.key !== memory.name) return; // another tab with this page
    load();
    changed();
  });
  load();
  return {
    give, undo, unsaved, file, markSaved,
    of,
    labels: () => new Set(given.values()),
    get size() { return here(given).length; },
    get canUndo() { return steps.length > 0; },
    get kept() { return memory.works; },
  };
}
