// A table dropped on the page or chosen: sent, shown with its predictions, and offered to be saved.

import { byId, element, shown } from "./dom.js";
import { asked } from "./server.js";

export function takeTables(alert) {
  const drop = byId("drop");
  // A file dropped beside the field would replace the page.
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, () => drop.classList.add("over"));
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => event.dataTransfer.files[0] && score(event.dataTransfer.files[0], alert));
  byId("file").addEventListener("change", () => {
    const [file] = byId("file").files;
    if (file) score(file, alert);
    byId("file").value = ""; // so that the same file, mended, may be chosen again
  });
}

async function score(file, alert) {
  byId("scored-about").textContent = `Scoring ${file.name} …`;
  byId("scroller").hidden = byId("download").hidden = true;
  const began = performance.now();
  let result;
  try {
    result = await asked(`score?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
  } catch (problem) {
    byId("scored-about").replaceChildren(element("p", { className: "alert", textContent: problem.message }));
    return;
  }
  alert("");
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const rows = (count) => `${count.toLocaleString("en")} row${count === 1 ? "" : "s"}`;
  const failed = result.failed ? `, ${result.failed.toLocaleString("en")} without a prediction` : "";
  const cut = result.rows.length < result.total ? `; the first ${result.rows.length} are shown` : "";
  const lines = [`${file.name}: ${rows(result.total)}${failed}, in ${seconds} s by model ${result.version}${cut}.`, ...result.remarks];
  byId("scored-about").replaceChildren(...lines.map((line) => element("p", { className: "note", textContent: line })));
  show(result);
  offer(result, file.name);
}

function show(result) {
  const predicted = (index) => index >= 1 && index <= result.outputs;
  const kind = (index) =>
    predicted(index) ? "prediction-cell" : result.failed && index === result.outputs + 1 ? "why" : "";
  const head = result.columns.map((name, index) =>
    element("th", { scope: "col", textContent: name, className: kind(index) }));
  const body = result.rows.map((row) => {
    const failed = row[1] === null;
    const cells = row.map((cell, index) => {
      return element("td", {
        textContent: cell === null ? "–" : predicted(index) ? shown(cell) : cell,
        className: kind(index),
      });
    });
    return element("tr", { className: failed ? "failed" : "" }, ...cells);
  });
  byId("scored").replaceChildren(element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
  byId("scroller").hidden = false;
}

function offer(result, name) {
  const link = byId("download");
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([result.csv], { type: "text/csv" }));
  link.download = name.replace(/(\.[^.]*)?$/, ".predictions.csv");
  link.hidden = false;
}
