// The photos as a grid of which only the visible rows are in the page, however many there are.

const SPARE_ROWS = 2; // above and below what is visible, so that a quick scroll shows no gap

/**
 * @param list the <ul>; its own width decides how many columns there are.
 * @param fill gets a card and its entry whenever one is made or has changed.
 * @param act what is done with a photo: open(position), tick(position, whether a range).
 */
function makeGrid(list, fill, act) {
  const template = byId("card").content.firstElementChild;
  let entries = [];
  let held = new Set();
  let cards = new Map(); // position -> <li>
  let focus = 0;
  let columns = 1;
  let size = { width: 0, height: 0, gap: 0 };
  let waiting = false;

  function measure() {
    const style = getComputedStyle(list);
    const gap = parseFloat(style.getPropertyValue("--gap"));
    const least = parseFloat(style.getPropertyValue("--least"));
    const width = list.clientWidth;
    columns = Math.max(2, Math.floor((width + gap) / (least + gap)));
    const card = Math.floor((width - gap * (columns - 1)) / columns);
    size = { width: card, height: card + parseFloat(style.getPropertyValue("--words")), gap };
    list.style.height = `${Math.max(0, Math.ceil(entries.length / columns) * (size.height + gap) - gap)}px`;
  }

  function place(card, position) {
    const x = (position % columns) * (size.width + size.gap);
    const y = Math.floor(position / columns) * (size.height + size.gap);
    card.style.transform = `translate(${x}px, ${y}px)`;
    card.style.width = `${size.width}px`;
    card.style.height = `${size.height}px`;
  }

  function visible() {
    const top = list.getBoundingClientRect().top;
    const row = size.height + size.gap;
    const first = Math.max(0, Math.floor(-top / row) - SPARE_ROWS);
    const last = Math.floor((window.innerHeight - top) / row) + SPARE_ROWS;
    return [first * columns, Math.min(entries.length, (last + 1) * columns)];
  }

  function draw() {
    waiting = false;
    const [from, to] = visible();
    const focused = cards.get(focus)?.contains(document.activeElement) ? focus : -1; // never takes the focus away
    for (const [position, card] of cards) {
      if ((position < from || position >= to) && position !== focused) {
        card.remove();
        cards.delete(position);
      }
    }
    let after = null; // the cards follow each other in the page as in the list: readers go through it in order
    for (let position = to - 1; position >= from; position -= 1) after = added(position, after);
  }

  function added(position, after) {
    let card = cards.get(position);
    if (card) return card;
    card = template.cloneNode(true);
    card.setAttribute("aria-setsize", entries.length);
    card.setAttribute("aria-posinset", position + 1);
    card.dataset.position = position;
    card.querySelector(".open").tabIndex = position === focus ? 0 : -1;
    place(card, position);
    fill(card, entries[position]);
    list.insertBefore(card, after);
    cards.set(position, card);
    return card;
  }

  function soon() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(draw);
  }

  /** Show these entries, from the beginning; `keep` stays where the page is. */
  function show(found, keep) {
    entries = found;
    held = new Set(found);
    focus = keep ? Math.min(focus, Math.max(0, entries.length - 1)) : 0;
    list.replaceChildren();
    cards = new Map();
    measure();
    draw();
  }

  function resized() {
    const before = size.width;
    measure();
    if (size.width === before) return soon();
    for (const [position, card] of cards) place(card, position);
    return draw();
  }

  /** Fill the cards that are in the page anew: what they show has changed. */
  function refresh() {
    for (const [position, card] of cards) fill(card, entries[position]);
  }

  /** Bring a photo into sight, and the keyboard to it. */
  function go(position, { focused = true } = {}) {
    if (!entries.length) return;
    const to = Math.min(Math.max(position, 0), entries.length - 1);
    cards.get(focus)?.querySelector(".open").setAttribute("tabindex", "-1");
    focus = to;
    reveal(to);
    draw();
    const button = cards.get(to).querySelector(".open");
    button.tabIndex = 0;
    if (focused) button.focus({ preventScroll: true });
  }

  function reveal(position) {
    const top = list.getBoundingClientRect().top + Math.floor(position / columns) * (size.height + size.gap);
    const ceiling = toolsBottom() + size.gap;
    const floor = window.innerHeight - (byId("tray").hidden ? 0 : byId("tray").offsetHeight) - size.gap;
    if (top < ceiling) window.scrollBy(0, top - ceiling);
    else if (top + size.height > floor) window.scrollBy(0, Math.min(top + size.height - floor, top - ceiling));
  }

  /** Where the tools that stay in sight end: all of them, on a phone the search alone. */
  function toolsBottom() {
    const tools = byId("tools");
    return Math.max(tools.getBoundingClientRect().bottom, tools.firstElementChild.getBoundingClientRect().bottom, 0);
  }

  function step(event) {
    const rows = Math.max(1, Math.floor(window.innerHeight / (size.height + size.gap)) - 1);
    const ways = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns,
      PageUp: -rows * columns, PageDown: rows * columns, Home: -entries.length, End: entries.length,
    };
    return ways[event.key];
  }

  function positionOf(event) {
    const card = event.target.closest(".card");
    return card ? Number(card.dataset.position) : -1;
  }

  list.addEventListener("keydown", (event) => {
    const position = positionOf(event);
    if (position < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") {
      event.preventDefault();
      act.tick(position, event.shiftKey);
    } else if (step(event) !== undefined) {
      event.preventDefault();
      go(position + step(event));
    }
  });
  list.addEventListener("click", (event) => {
    const position = positionOf(event);
    if (position < 0) return;
    if (event.target.closest(".open")) act.open(position);
    else if (event.target.matches("input")) act.tick(position, event.shiftKey);
  });
  list.addEventListener("focusin", (event) => {
    const position = positionOf(event);
    if (position >= 0) focus = position;
  });
  window.addEventListener("scroll", soon, { passive: true });
  new ResizeObserver(resized).observe(list);
  window.addEventListener("resize", resized);
  return { show, refresh, go, holds: (entry) => held.has(entry), get focus() { return focus; }, get entries() { return entries; } };
}
