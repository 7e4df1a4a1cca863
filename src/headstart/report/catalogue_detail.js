// One photo in a panel: what it is thought to be, what it resembles, its copies, and its class to be given.

const STATES = { sure: "Sure", unsure: "Unsure", unknown: "Unknown", learned: "Learned" };

/**
 * @param page gives `classes()`, `group(kind, number)`, `shownCount()`, `unmeasured`, and does `give(entry, label)`,
 *     `open(entry)`, `step(by)`, `nextOpen()`.
 */
function makeDetail(dialog, page) {
  let entry = null;
  const head = make("div", { className: "drawer-head" });
  const place = make("p", { className: "note" });
  const body = make("div", { className: "drawer-body" });
  const host = make("div", { className: "given-host" });
  const picker = makePicker(host, page.classes, (label) => page.give(entry, label));
  head.append(
    icon("←", "Photo before", () => page.step(-1)), icon("→", "Photo after", () => page.step(1)), place,
    make("button", { type: "button", className: "link", text: "Next unsure", onclick: () => page.nextOpen() }),
    icon("×", "Close", () => dialog.close()));
  dialog.append(head, body);

  function icon(text, name, onclick) {
    return make("button", { type: "button", className: "icon", text, "aria-label": name, onclick });
  }

  /** Show an entry; `position` is its place among those shown, from 0. */
  function show(next, position) {
    entry = next;
    place.textContent = `${(position + 1).toLocaleString("en")} of ${page.shownCount().toLocaleString("en")}`;
    fill();
    if (!dialog.open) dialog.showModal();
    body.scrollTop = 0;
  }

  function fill() {
    const { photo } = entry;
    body.replaceChildren(...[
      picture(photo), title(photo), verdict(), why(photo), given(photo), shares(photo), nearest(photo),
      group("copies", "The same file again"), group("alike", "Nearly the same picture"), file(photo),
    ].filter(Boolean));
    picker.open(likely(photo));
  }

  function picture(photo) {
    if (photo.pictured === false) return make("p", { className: "frame empty", text: "no picture" });
    return make("div", { className: "frame large" },
      make("img", { src: pictureOf(photo.sha256), alt: `Photo ${shown(photo.name)}` }));
  }

  function title(photo) {
    const heading = make("h2", { id: "detail-name" }, make("bdi", { text: shown(entry.label) }));
    const line = make("p", { className: "path", dir: "auto", text: shown(photo.name) });
    return make("div", {}, heading, line);
  }

  function verdict() {
    const { photo, state } = entry;
    const one = photo.one_of ?? [];
    const words = {
      sure: "the model is sure of its answer.",
      unsure: one.length ? `one of ${one.map(shown).join(", ")}.` : "",
      unknown: "unlike any photo the model knows.",
      unmeasured: `Not measured: ${shown(page.unmeasured || "how sure the model is can't be told")}.`,
      learned: `the model was trained on this very photo, as ${shown(photo.trained ?? photo.label)}.${differing(photo)}`,
    };
    const was = photo.was === undefined ? "" : ` Before the model changed it was ${shown(photo.was)}.`;
    const badge = entry.given !== null ? ["corrected", "Corrected"] : [state, STATES[state]];
    return make("p", { className: "verdict" },
      badge[1] ? make("span", { className: `badge ${badge[0]}`, text: badge[1] }) : null, ` ${words[state]}${was}`);
  }

  /** What the model says of a photo that it was taught otherwise. */
  function differing(photo) {
    return photo.trained === undefined || photo.trained === photo.label ? "" : ` It says ${shown(photo.label)}.`;
  }

  function why(photo) {
    return photo.why ? make("p", { className: "why", text: shown(photo.why) }) : null;
  }

  function likely(photo) {
    const taught = photo.trained === undefined ? [] : [photo.trained];
    return [...new Set([...taught, ...photo.shares.map((each) => each.label), ...(photo.one_of ?? [])])];
  }

  function given(photo) {
    const quick = make("div", { className: "row quick" }, ...likely(photo).slice(0, 4).map((label) =>
      make("button", {
        type: "button", className: "pill", "aria-pressed": String(entry.given === label), onclick: () => page.give(entry, label),
      }, make("bdi", { text: shown(label) }))));
    const part = make("section", { className: "give" }, make("h3", { text: "What is it?" }), quick);
    if (entry.given !== null) {
      part.append(make("p", { className: "corrected-line" }, "You said ", make("bdi", { className: "strong", text: shown(entry.given) }), ". ",
        make("button", { type: "button", className: "link", text: "Take it back", onclick: () => page.give(entry, null) })));
    }
    part.append(host);
    return part;
  }

  function shares(photo) {
    if (!photo.shares.length) return null;
    const rows = photo.shares.map((each) => {
      const fill = make("span", { className: "fill" });
      fill.style.width = `${Math.max(1, each.share * 100)}%`;
      return make("li", {}, make("bdi", { text: shown(each.label) }), make("span", { className: "figure", text: percent(each.share) }),
        make("span", { className: "track", "aria-hidden": "true" }, fill));
    });
    const strange = photo.strangeness === undefined ? null : make("p", { className: "note",
      text: `Strangeness ${photo.strangeness.toFixed(2)}: above 1 a photo counts as unknown.` });
    return make("section", {}, make("h3", { text: "How probable" }), make("ul", { className: "shares" }, ...rows), strange);
  }

  function nearest(photo) {
    if (!photo.nearest?.length) return null;
    const items = photo.nearest.map((near) => make("li", {}, near.pictured && near.sha256
      ? make("img", { src: pictureOf(near.sha256), alt: "" }) : make("span", { className: "blank", "aria-hidden": "true" }),
      make("span", { className: "words" }, make("bdi", { className: "strong", text: shown(near.label) }),
        make("span", { className: "path", dir: "auto", text: shown(near.file) }),
        make("span", { className: "note", text: `distance ${near.distance.toFixed(3)}` }))));
    return make("section", {}, make("h3", { text: "Nearest known photos" }), make("ul", { className: "near" }, ...items));
  }

  function group(kind, words) {
    const number = entry.photo[kind];
    if (number === undefined) return null;
    const others = page.group(kind, number).filter((other) => other !== entry);
    const items = others.slice(0, 24).map((other) => make("li", {}, make("button", {
      type: "button", onclick: () => page.open(other), "aria-label": `Open ${shown(other.photo.name)}`,
    }, make("img", { src: pictureOf(other.photo.sha256), alt: "" }), make("span", { className: "words" },
      make("bdi", { className: "strong", text: shown(other.label) }), make("span", { className: "path", dir: "auto", text: shown(other.photo.name) })))));
    return others.length ? make("section", {}, make("h3", { text: words }), make("ul", { className: "near" }, ...items)) : null;
  }

  function file(photo) {
    return make("section", {}, make("h3", { text: "File" }), make("p", { className: "path", dir: "auto", text: shown(photo.path) }));
  }

  dialog.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const ways = { ArrowLeft: () => page.step(-1), ArrowRight: () => page.step(1), n: () => page.nextOpen(), c: () => picker.focus() };
    if (!(event.key in ways)) return;
    event.preventDefault();
    event.stopPropagation();
    ways[event.key]();
  });
  dialog.addEventListener("close", () => page.closed());

  /** What was given is shown anew; the keyboard stays in the panel, at what was given. */
  function refresh() {
    if (!dialog.open) return;
    const had = body.contains(document.activeElement);
    fill();
    if (had && !body.contains(document.activeElement)) (body.querySelector("[aria-pressed=true]") ?? body.querySelector(".quick button"))?.focus();
  }

  return { show, refresh };
}
