// Puts the page together: asks what the model takes, and predicts as one types.

import { Answer } from "./answer.js";
import { byId, element } from "./dom.js";
import { Fields } from "./fields.js";
import { asked } from "./server.js";
import { takeTables } from "./table.js";

const PAUSE = 120; // milliseconds without a change before the endpoint is asked
const FILTER_FROM = 16; // features

function alert(text) {
  byId("alert").textContent = text;
  byId("alert").hidden = !text;
}

async function start() {
  takeTables(alert);
  let form;
  try {
    form = await asked("form");
  } catch (problem) {
    byId("subtitle").textContent = "";
    alert(problem.message);
    return;
  }
  introduce(form);
  const answer = new Answer(form);
  let waiting = null;
  let sent = null;

  async function predict() {
    sent?.abort();
    const own = (sent = new AbortController());
    const record = fields.record();
    const settled = setTimeout(() => document.body.classList.add("waiting"), 250);
    try {
      const row = await asked("explain", { method: "POST", body: JSON.stringify([record]), signal: own.signal });
      fields.mark([]);
      document.body.classList.remove("refused");
      alert(row.version === form.version ? "" : `The endpoint now serves model ${row.version}: load this page again.`);
      answer.show(row, record);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      const others = fields.mark(problem.faults ?? []);
      alert(others.length || !problem.faults?.length ? [problem.message, ...others.map((each) => each.message)].join("; ") : "");
      document.body.classList.add("refused"); // what was shown is of another record
      byId("prediction").textContent = "–";
      byId("reading").textContent = "the record is not predicted as it is";
    } finally {
      clearTimeout(settled);
      if (sent === own) document.body.classList.remove("waiting");
    }
  }

  const changed = () => {
    clearTimeout(waiting);
    waiting = setTimeout(predict, PAUSE);
  };
  const fields = new Fields(form.fields, form.examples[0], changed);

  byId("form").addEventListener("submit", (event) => event.preventDefault());
  byId("filter-label").hidden = form.fields.length < FILTER_FROM;
  byId("filter").addEventListener("input", () => fields.show(byId("filter").value));
  byId("another").hidden = form.examples.length < 2;
  let example = 0;
  byId("another").addEventListener("click", () => {
    example = (example + 1) % form.examples.length;
    fields.fill(form.examples[example]);
    predict();
  });
  byId("copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText(JSON.stringify([fields.record()], null, 1));
    byId("copy").textContent = "Copied";
    setTimeout(() => (byId("copy").textContent = "Copy as JSON"), 1500);
  });
  predict();
}

function introduce(form) {
  const count = form.fields.length;
  document.title = `Try ${form.name}`;
  byId("title").textContent = form.name;
  byId("subtitle").textContent = `${count} feature${count === 1 ? "" : "s"}; predicted by the endpoint as you type`;
  byId("version").textContent = form.version;
  byId("version").title = "The model's version: the first digits of its file's SHA-256";
  byId("version").hidden = false;
  const said = form.about.flatMap(([name, text], index) => {
    const again = index > 0 && form.about[index - 1][0] === name;
    return [...(again ? [] : [element("dt", { textContent: name })]), element("dd", { textContent: text })];
  });
  byId("about").replaceChildren(...said);
}

start();
