// The page: its data, its tools, and what happens when they are used.

const SEARCH_PAUSE = 60; // milliseconds without a key before the search is done

function start() {
  const data = JSON.parse(byId("data").textContent);
  const entries = makeEntries(data.photos);
  const asked = { search: "", label: null, mark: null, sort: "given" };
  const ticked = new Set();
  const names = new Set(); // of the files that were saved
  let lastTick = 0;
  let open = null; // the position of the photo in the panel, among those shown

  const corrections = makeCorrections(data.key, data.photos, corrected);
  const grid = makeGrid(byId("grid"), fillCard, { open: openAt, tick });
  const detail = makeDetail(byId("detail"), {
    classes, group, step, nextOpen, unmeasured: data.unmeasured ?? "",
    give: (entry, label) => give([entry.photo.sha256], label),
    open: openEntry,
    shownCount: () => grid.entries.length,
    closed: () => { grid.go(open ?? 0); open = null; },
  });
  const picker = makePicker(byId("choose-host"), classes, (label) => {
    byId("choose").close();
    give([...ticked].map((entry) => entry.photo.sha256), label);
    clearTicks();
  });

  function classes() {
    return [...new Set([...data.classes, ...corrections.labels()])];
  }

  function group(kind, number) {
    return entries.filter((entry) => entry.photo[kind] === number);
  }

  // --- cards

  function fillCard(card, entry) {
    const { photo } = entry;
    const [button, image] = [card.querySelector(".open"), card.querySelector("img")];
    image.hidden = photo.pictured === false;
    if (!image.hidden && !image.src) image.src = pictureOf(photo.sha256);
    card.classList.toggle("lost", image.hidden);
    card.classList.toggle("is-corrected", entry.given !== null);
    card.classList.toggle("is-ticked", ticked.has(entry));
    card.querySelector(".label").textContent = shown(entry.label);
    const differs = entry.given === null && photo.trained !== undefined && photo.trained !== photo.label;
    card.querySelector(".share").textContent = entry.given === null && !differs ? percent(entry.share) : "";
    const says = differs ? `model says ${shown(photo.label)}, ${percent(entry.share)}` : "";
    const line = card.querySelector(".file");
    line.textContent = says || shown(photo.why || photo.name.split("/").pop());
    line.classList.toggle("whole", !says && Boolean(photo.why));
    const badges = badgesOf(entry);
    card.querySelector(".badges").replaceChildren(
      ...badges.map(([kind, text]) => make("span", { className: `badge ${kind}`, text })));
    const words = [entry.label, says || (entry.given === null ? percent(entry.share) : ""), ...badges.map(([, text]) => text), photo.name, photo.why ?? ""];
    button.setAttribute("aria-label", words.filter(Boolean).map(shown).join(", "));
    const box = card.querySelector("input");
    box.checked = ticked.has(entry);
    box.setAttribute("aria-label", `Select ${shown(photo.name)}`);
  }

  function badgesOf(entry) {
    const { photo } = entry;
    if (entry.given !== null) return [["corrected", entry.given === labelOf(photo) ? "confirmed" : "corrected"]];
    return [
      entry.state === "sure" || entry.state === "unmeasured" ? null : [entry.state, entry.state],
      photo.was === undefined ? null : ["changed", `was ${shown(photo.was)}`],
      photo.copies === undefined ? null : ["copies", "copy"],
      photo.alike === undefined ? null : ["copies", "near-copy"],
      entry.isNew ? ["new", "new"] : null,
    ].filter(Boolean);
  }

  // --- what is shown

  function show({ keep = false } = {}) {
    const found = choose(entries, asked);
    grid.show(found, keep);
    const total = counted(entries.length, "photo");
    byId("count").textContent = found.length === entries.length ? total : `${found.length.toLocaleString("en")} of ${total}`;
    byId("empty").hidden = found.length > 0;
    byId("nothing").textContent = entries.length ? "No photo fits what you ask for." : "No photo could be used.";
    byId("reset").hidden = !entries.length;
    byId("all").hidden = !found.length;
    drawTray();
    if (!keep) toTop();
  }

  /** What is asked for anew is read from its beginning, also far down the page. */
  function toTop() {
    const tools = byId("tools").offsetHeight || byId("tools").firstElementChild.offsetHeight;
    const top = byId("grid").getBoundingClientRect().top + window.scrollY - tools;
    if (window.scrollY > top) window.scrollTo(0, Math.max(0, top - 8));
  }

  function drawTools() {
    const { labels, marks } = tally(entries);
    if (asked.label !== null && !labels.some(([label]) => label === asked.label)) labels.push([asked.label, 0]);
    const options = labels.map(([label, count]) => new Option(`${shown(label)} (${count.toLocaleString("en")})`, label));
    byId("label").replaceChildren(new Option("All classes", ""), ...options);
    options.forEach((option) => { option.selected = option.value === asked.label; });
    const pills = marks.filter((mark) => mark.count || mark.name === asked.mark);
    byId("pills").replaceChildren(pill(null, "All", entries.length), ...pills.map((mark) => pill(mark.name, mark.title, mark.count)));
    byId("next").hidden = !entries.some(isOpen);
  }

  function pill(name, title, count) {
    const onclick = () => {
      asked.mark = name;
      drawTools();
      byId("pills").querySelector(`[data-name="${name ?? ""}"]`)?.focus();
      show();
    };
    return make("button", { type: "button", className: "pill", "data-name": name ?? "", "aria-pressed": String(asked.mark === name), onclick },
      title, make("span", { className: "figure", text: count.toLocaleString("en") }));
  }

  // --- corrections

  function corrected() {
    refreshEntries(entries, corrections);
    drawTools();
    drawTray();
    grid.refresh();
    detail.refresh();
    byId("forgetful").hidden = corrections.kept;
  }

  function give(digests, label) {
    const number = corrections.give(digests, label);
    if (number) say(label === null ? "Correction taken back." : `${counted(number, "photo")}: ${shown(label)}.`);
  }

  function undo() {
    const number = corrections.undo();
    say(number ? `Undone: ${counted(number, "photo")}.` : "Nothing to undo.");
  }

  function save() {
    const address = URL.createObjectURL(corrections.file());
    const name = freshName();
    make("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    corrections.markSaved();
    byId("saved-title").textContent = `${name} is saved`;
    byId("learn").textContent = naming(name);
    byId("saved").showModal();
  }

  /** A name that no earlier save has had: a browser would store the second one under a name of its own. */
  function freshName() {
    const two = (number) => String(number).padStart(2, "0");
    const now = new Date();
    const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
    const stem = `corrections-${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
    let name = `${stem}.csv`;
    for (let number = 2; names.has(name); number += 1) name = `${stem}-${number}.csv`;
    names.add(name);
    return name;
  }

  /** The command that takes this file in; it names corrections.csv last of all that could be called so. */
  function naming(name) {
    const at = data.learn.lastIndexOf("corrections.csv");
    return at < 0 ? data.learn : `${data.learn.slice(0, at)}${name}${data.learn.slice(at + "corrections.csv".length)}`;
  }

  function drawTray() {
    const waiting = corrections.unsaved();
    const away = [...ticked].filter((entry) => !grid.holds(entry)).length;
    byId("selected").hidden = !ticked.size;
    byId("selected-count").textContent = `${counted(ticked.size, "photo")} selected`
      + (away ? `, ${away.toLocaleString("en")} of them not shown` : "");
    byId("unsaved").hidden = !corrections.size && !waiting;
    byId("unsaved-count").textContent = waiting
      ? counted(waiting, "unsaved correction") : `${counted(corrections.size, "correction")} saved`;
    byId("save").disabled = !corrections.size && !waiting;
    byId("undo").disabled = !corrections.canUndo;
    byId("tray").hidden = byId("selected").hidden && byId("unsaved").hidden;
  }

  let silence = 0;
  function say(text) {
    const toast = byId("toast");
    toast.textContent = text;
    if (toast.matches(":popover-open")) toast.hidePopover();
    toast.showPopover(); // anew: above a panel that was opened since
    clearTimeout(silence);
    silence = setTimeout(() => toast.hidePopover(), 4000);
  }

  // --- selecting

  function tick(position, isRange) {
    const entry = grid.entries[position];
    const on = !ticked.has(entry);
    const [from, to] = isRange ? [Math.min(lastTick, position), Math.max(lastTick, position)] : [position, position];
    for (const each of grid.entries.slice(from, to + 1)) {
      if (on) ticked.add(each);
      else ticked.delete(each);
    }
    lastTick = position;
    drawTray();
    grid.refresh();
  }

  function clearTicks() {
    ticked.clear();
    drawTray();
    grid.refresh();
  }

  function giveTicked() {
    if (!ticked.size && grid.entries.length) tick(grid.focus, false);
    if (!ticked.size) return;
    const away = [...ticked].filter((entry) => !grid.holds(entry)).length;
    byId("choose-title").textContent = `Give ${counted(ticked.size, "photo")} a class`
      + (away ? ` (${away.toLocaleString("en")} not shown)` : "");
    byId("choose").showModal();
    picker.open([...new Set([...ticked].flatMap((entry) => entry.photo.shares.map((each) => each.label)))].slice(0, 6));
    picker.focus();
  }

  // --- moving

  function openAt(position) {
    open = position;
    detail.show(grid.entries[position], position);
  }

  function openEntry(entry) {
    if (!grid.entries.includes(entry)) resetView();
    openAt(grid.entries.indexOf(entry));
  }

  function step(by) {
    const next = (open ?? 0) + by;
    if (next >= 0 && next < grid.entries.length) openAt(next);
  }

  function nextOpen() {
    const from = open ?? (document.activeElement?.closest?.(".card") ? grid.focus : -1);
    const found = grid.entries;
    const order = found.map((_, at) => (from + 1 + at) % found.length);
    const next = order.find((at) => isOpen(found[at]));
    if (next === undefined) say("No unsure photo is left here.");
    else if (open === null) grid.go(next);
    else openAt(next);
  }

  function resetView() {
    Object.assign(asked, { search: "", label: null, mark: null });
    byId("search").value = "";
    drawTools();
    show();
  }

  // --- the tools

  let pause = 0;
  byId("search").addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => { asked.search = byId("search").value; show(); }, SEARCH_PAUSE);
  });
  byId("search").addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); grid.go(0); }
  });
  byId("label").addEventListener("change", () => {
    asked.label = byId("label").selectedIndex > 0 ? byId("label").value : null;
    show();
  });
  byId("sort").append(...SORTS.map(([name, title]) => new Option(title ?? `As listed: ${data.order ?? "name"}`, name))
    .filter((option) => option.value !== "given" || (data.order ?? "name") !== "name"));
  asked.sort = byId("sort").value;
  byId("sort").addEventListener("change", () => { asked.sort = byId("sort").value; show(); });
  byId("more").addEventListener("click", () => {
    const isOpen = byId("choices").classList.toggle("open");
    byId("more").setAttribute("aria-expanded", String(isOpen));
  });
  byId("reset").addEventListener("click", resetView);
  byId("next").addEventListener("click", nextOpen);
  byId("all").addEventListener("click", () => {
    grid.entries.forEach((entry) => ticked.add(entry));
    drawTray();
    grid.refresh();
  });
  byId("clear").addEventListener("click", clearTicks);
  byId("give").addEventListener("click", giveTicked);
  byId("undo").addEventListener("click", undo);
  byId("save").addEventListener("click", save);
  byId("keys-button").addEventListener("click", () => byId("keys").showModal());
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    });
  }
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input:not([type=checkbox]), select");
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !typing) {
      event.preventDefault();
      undo();
    } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && !document.querySelector("dialog[open]")) {
      const keys = { n: nextOpen, c: giveTicked, "/": () => byId("search").focus(), "?": () => byId("keys").showModal(), Escape: clearTicks };
      if (!(event.key in keys)) return;
      event.preventDefault();
      keys[event.key]();
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (corrections.unsaved()) event.preventDefault();
  });

  if (!entries.length) byId("tools").hidden = true;
  byId("grid").classList.toggle("with-why", entries.some((entry) => entry.photo.why));
  corrected();
  show();
}
