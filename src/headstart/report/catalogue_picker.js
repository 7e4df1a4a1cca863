// A field to type a class in, with the classes that fit below it: old ones, or a new one.

const MOST_OPTIONS = 60; // in the page at once; typing finds the others
let pickers = 0;

/**
 * @param host where the field goes.
 * @param classes gives every class there is, in order.
 * @param picked gets the class that was chosen.
 * @return {open(likely)} empties the field; `likely` classes come first.
 */
function makePicker(host, classes, picked) {
  const id = `picker-${(pickers += 1)}`;
  const input = make("input", {
    type: "text", autocomplete: "off", spellcheck: false, maxLength: 200, id: `${id}-input`, role: "combobox",
    placeholder: "Type a class, old or new", "aria-expanded": "true", "aria-controls": id, "aria-autocomplete": "list",
  });
  const options = make("ul", { id, role: "listbox", className: "options", "aria-label": "Classes" });
  const more = make("p", { className: "note" });
  host.replaceChildren(
    make("label", { className: "field" }, make("span", { text: "Class" }), input), options, more);
  let likely = [];
  let labels = [];
  let active = -1;

  /** What fits, best first: the class as typed, the same in other letters, a new class; then what holds it. */
  function offers() {
    const typed = cleanLabel(input.value);
    const wanted = searchable(typed);
    const every = [...new Set([...likely, ...classes()])];
    if (!typed) return every.map((label) => ({ label, isNew: false }));
    const rank = (label) => [
      label === typed, searchable(label) === wanted, searchable(label).startsWith(wanted), searchable(label).includes(wanted),
    ].indexOf(true);
    const ranked = [0, 1, 2, 3].map((at) => every.filter((label) => rank(label) === at).map((label) => ({ label, isNew: false })));
    const fresh = ranked[0].length ? [] : [{ label: typed, isNew: true }];
    return [...ranked[0], ...ranked[1], ...fresh, ...ranked[2], ...ranked[3]];
  }

  function list() {
    const found = offers();
    labels = found.slice(0, MOST_OPTIONS);
    options.replaceChildren(...labels.map(option));
    const left = found.length - MOST_OPTIONS;
    more.textContent = left > 0 ? `and ${counted(left, "more class", "more classes")}: type to find them` : "";
    point(labels.length && cleanLabel(input.value) ? 0 : -1);
  }

  function option({ label, isNew }, place) {
    const name = make("bdi", { text: shown(label) });
    const words = isNew ? ["New class “", name, "”"] : [name];
    return make("li", { id: `${id}-${place}`, role: "option", "aria-selected": "false", className: isNew ? "new" : "" }, ...words);
  }

  function point(place) {
    options.children[active]?.setAttribute("aria-selected", "false");
    active = place;
    const option = options.children[active];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option ? option.id : "");
  }

  function take(place) {
    if (labels[place]) picked(labels[place].label);
  }

  input.addEventListener("input", list);
  input.addEventListener("keydown", (event) => {
    const ways = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in ways && labels.length) {
      event.preventDefault();
      point((active + ways[event.key] + labels.length) % labels.length);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      take(active);
    }
  });
  options.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take([...options.children].indexOf(option));
  });

  function open(first) {
    likely = first;
    input.value = "";
    list();
  }

  return { open, focus: () => input.focus() };
}
