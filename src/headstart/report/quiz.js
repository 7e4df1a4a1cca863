// A question is checked once; what was answered is kept in this browser alone, if it keeps anything.
const data = JSON.parse(document.getElementById("data").textContent);
const keyOf = (part) => `headstart quiz ${part}`;
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const byId = (id) => document.getElementById(id);
let given = {}; // topic -> key of the answer

// A store can be closed to pages from a file, full, or hold what another page left there.
function kept(part) {
  try {
    const found = JSON.parse(localStorage.getItem(keyOf(part)));
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

function keep() {
  try {
    localStorage.setItem(keyOf(data.part), JSON.stringify(given));
  } catch {
    byId("kept").textContent = data.words.unkept;
  }
}

function forget() {
  try {
    localStorage.removeItem(keyOf(data.part));
  } catch {
    // nothing was kept
  }
}

function reveal(question) {
  const form = byId(question.topic);
  const chosen = given[question.topic];
  for (const choice of form.querySelectorAll(".choice")) {
    const key = choice.dataset.key;
    const radio = choice.querySelector("input");
    radio.checked = key === chosen;
    radio.disabled = true;
    choice.classList.toggle("is-right", key === question.right);
    choice.classList.toggle("is-wrong", key === chosen && key !== question.right);
    choice.querySelector(".why").hidden = false;
  }
  form.querySelector("button").hidden = true;
  form.querySelector(".more").hidden = false;
  const words = chosen === question.right ? data.words.correct : data.words.incorrect;
  form.querySelector(".verdict").textContent = filled(words, question);
}

function showScore() {
  const asked = data.questions;
  if (!asked.every((question) => question.topic in given)) return;
  const missed = asked.filter((question) => given[question.topic] !== question.right);
  byId("score").hidden = false;
  byId("right").textContent = filled(data.words.score, { right: asked.length - missed.length, of: asked.length });
  byId("again-title").hidden = missed.length === 0;
  const rows = missed.length ? missed.map((each) => `${each.title}: ${each.document}`) : [data.words.perfect];
  byId("again").replaceChildren(...rows.map(row));
  if (data.part === "after") showEarlier();
}

function row(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

function showEarlier() {
  const earlier = kept("before");
  const topics = Object.keys(data.before);
  if (!topics.every((topic) => topic in earlier)) return;
  const right = topics.filter((topic) => earlier[topic] === data.before[topic]).length;
  byId("earlier").textContent = filled(data.words.earlier, { right, of: topics.length });
  byId("earlier").hidden = false;
}

function check(question, event) {
  event.preventDefault();
  const form = byId(question.topic);
  const chosen = form.querySelector("input:checked");
  if (!chosen) {
    form.querySelector(".verdict").textContent = data.words.choose;
    return;
  }
  given[question.topic] = chosen.value;
  reveal(question);
  form.querySelector(".verdict").focus(); // the button that had it is gone
  keep();
  showScore();
}

function start() {
  const found = kept(data.part);
  for (const question of data.questions) {
    if (["a", "b", "c", "d"].includes(found[question.topic])) {
      given[question.topic] = found[question.topic];
      reveal(question);
    }
    byId(question.topic).addEventListener("submit", (event) => check(question, event));
  }
  showScore();
  byId("restart").addEventListener("click", () => {
    forget();
    location.reload();
  });
}
