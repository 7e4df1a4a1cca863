// (photos, what is asked for) -> which are shown, in which order.

const MARKS = [
  ["sure", "Sure", (entry) => entry.state === "sure"],
  ["unsure", "Unsure", (entry) => entry.state === "unsure"],
  ["unknown", "Unknown", (entry) => entry.state === "unknown"],
  ["unmeasured", "Not measured", (entry) => entry.state === "unmeasured"],
  ["learned", "Learned", (entry) => entry.state === "learned"],
  ["copies", "Copies", (entry) => entry.photo.copies !== undefined],
  ["alike", "Near-copies", (entry) => entry.photo.alike !== undefined],
  ["changed", "Changed class", (entry) => entry.photo.was !== undefined],
  ["new", "New", (entry) => entry.isNew],
  ["corrected", "Corrected", (entry) => entry.given !== null],
];

const UNLIKELY = 0.5; // below this an answer that nobody could measure is looked at, too

const SORTS = [
  ["given", null],
  ["name", "Name"],
  ["least-sure", "Least sure first"],
  ["class", "Class"],
  ["strange", "Strangest first"],
];

/** What is known of each photo before anything is asked: made once. */
function makeEntries(photos) {
  const last = photos.reduce((most, photo) => Math.max(most, photo.added ?? 1), 1);
  const entries = photos.map((photo, at) => ({
    at,
    photo,
    state: photo.state ?? "sure",
    share: photo.shares[0]?.share,
    words: searchable(`${shown(photo.name)}\n${photo.name}`),
    isNew: last > 1 && (photo.added ?? 1) === last,
    given: null,
    label: labelOf(photo),
    all: "",
  }));
  const order = new Intl.Collator("en", { numeric: true });
  [...entries].sort((one, other) => order.compare(one.photo.name, other.photo.name) || one.at - other.at)
    .forEach((entry, rank) => { entry.rank = rank; });
  return entries;
}

/** What a photo is called: as the model was taught, else as it answers. */
function labelOf(photo) {
  return photo.trained ?? photo.label;
}

/** Take over what was corrected. */
function refreshEntries(entries, corrections) {
  for (const entry of entries) {
    entry.given = corrections.of(entry.photo.sha256);
    entry.label = entry.given ?? labelOf(entry.photo);
    entry.all = `${entry.words}\n${searchable(entry.label)}`;
  }
}

/** The entries that fit the search, the class and the marks, sorted. */
function choose(entries, asked) {
  const words = searchable(asked.search).split(/\s+/u).filter(Boolean);
  const tests = MARKS.filter(([name]) => name === asked.mark).map(([, , test]) => test);
  const found = entries.filter((entry) =>
    (asked.label === null || entry.label === asked.label)
    && tests.every((test) => test(entry))
    && words.every((word) => entry.all.includes(word)));
  return sorted(found, asked.sort);
}

function sorted(entries, sort) {
  const least = (entry) => entry.share ?? 1;
  const strange = (entry) => entry.photo.strangeness ?? -1;
  const orders = {
    given: (one, other) => one.at - other.at,
    name: (one, other) => one.rank - other.rank,
    "least-sure": (one, other) => least(one) - least(other) || one.rank - other.rank,
    class: (one, other) => (one.label < other.label ? -1 : one.label > other.label ? 1 : one.rank - other.rank),
    strange: (one, other) => strange(other) - strange(one) || one.rank - other.rank,
  };
  return entries.sort(orders[sort]);
}

/** How many photos each class and each mark has. */
function tally(entries) {
  const labels = new Map();
  for (const entry of entries) labels.set(entry.label, (labels.get(entry.label) ?? 0) + 1);
  const marks = MARKS.map(([name, title, test]) => ({ name, title, count: entries.filter(test).length }));
  return { labels: [...labels].sort(([one], [other]) => (one < other ? -1 : 1)), marks };
}

/** Whether a photo waits for somebody to look at it. */
function isOpen(entry) {
  if (entry.given !== null) return false;
  if (entry.state === "unmeasured") return (entry.share ?? 0) < UNLIKELY;
  return entry.state === "unsure" || entry.state === "unknown";
}
