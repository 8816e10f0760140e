// The answer: the prediction in words and figures, and the contributions to it as bars from zero.

import { byId, decimalsOf, element, percent, shown, signed } from "./dom.js";

const MOST_BARS = 12;
const MOST_SHARES = 8;

export class Answer {
  constructor(form) {
    this.form = form;
    this.row = null;
    this.chosen = null; // the output whose contributions are shown; null: the one that is predicted
    byId("of").addEventListener("change", () => {
      this.chosen = Number(byId("of").value);
      this.#chart();
    });
  }

  show(row, record) {
    this.row = row;
    this.record = record;
    this.#prediction();
    this.#choices();
    this.#chart();
  }

  /** What an output is called. */
  name(index) {
    const kind = this.form.reading === "classes" || this.form.reading === "class" ? "class" : "output";
    return this.form.output_names[index] ?? `${kind} ${index}`;
  }

  #several() {
    return Array.isArray(this.row.base) ? this.row.base.length : 1;
  }

  #predicted() {
    const { prediction } = this.row;
    if (this.form.reading === "class") return Math.round(prediction);
    return Array.isArray(prediction) && this.form.reading === "classes" ? prediction.indexOf(Math.max(...prediction)) : 0;
  }

  #prediction() {
    const { prediction } = this.row;
    const [value, reading] = {
      probability: () => [percent(prediction), `probability of ${this.form.output_names[1] || this.form.target || "class 1"}`],
      class: () => [this.name(Math.round(prediction)), "the predicted class"],
      classes: () => [this.name(this.#predicted()), `with a probability of ${percent(Math.max(...prediction))}`],
      outputs: () => [prediction.length === 1 ? shown(prediction[0]) : `${prediction.length} values`, ""],
      number: () => [shown(prediction), this.form.target],
    }[this.form.reading]();
    byId("prediction").textContent = value;
    byId("prediction").title = JSON.stringify(prediction);
    byId("reading").textContent = reading || "";
    byId("shares").replaceChildren(...(Array.isArray(prediction) ? [this.#shares(prediction)] : []));
  }

  /** Probabilities, or the values of several outputs, as bars from the left; the largest first if they are classes. */
  #shares(values) {
    const classes = this.form.reading === "classes";
    const order = values.map((value, index) => [value, index]);
    if (classes) order.sort((a, b) => b[0] - a[0]);
    const largest = classes ? 1 : Math.max(...values.map(Math.abs), Number.MIN_VALUE);
    const lines = order.slice(0, MOST_SHARES).map(([value, index]) => {
      const bar = element("i");
      bar.style.width = `${(100 * Math.abs(value)) / largest}%`;
      return element(
        "tr", { className: classes && index === this.#predicted() ? "first" : "" },
        element("th", { scope: "row", textContent: this.name(index) }),
        element("td", {}, element("div", { className: "bar", "aria-hidden": "true" }, bar)),
        element("td", { className: "value", textContent: classes ? percent(value) : shown(value) }),
      );
    });
    const table = element("table", { "aria-label": classes ? "Probability of each class" : "Each output" }, element("tbody", {}, ...lines));
    const rest = order.length - lines.length;
    return element("div", {}, table, ...(rest > 0 ? [element("p", { className: "note", textContent: `and ${rest} more` })] : []));
  }

  #choices() {
    const several = this.row.contributions ? this.#several() : 1;
    byId("of-label").hidden = several < 2;
    if (several < 2) return;
    if (byId("of").options.length !== several) {
      const options = Array.from({ length: several }, (_, index) => element("option", { value: index, textContent: this.name(index) }));
      byId("of").replaceChildren(...options);
    }
    byId("of").value = this.chosen ?? this.#predicted();
  }

  #chart() {
    const { contributions, base, unexplained } = this.row;
    byId("chart").hidden = !contributions;
    if (!contributions) {
      byId("sum").textContent = unexplained ?? "";
      return;
    }
    const of = this.#several() > 1 ? (this.chosen ?? this.#predicted()) : null;
    const pick = (values) => (of === null ? values : values[of]);
    const all = Object.entries(contributions).map(([name, values]) => [name, pick(values)]);
    all.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    const bars = all.length > MOST_BARS + 1 ? all.slice(0, MOST_BARS) : all;
    const rest = all.slice(bars.length);
    if (rest.length) bars.push([`${rest.length} others`, rest.reduce((sum, each) => sum + each[1], 0)]);
    const total = all.reduce((sum, each) => sum + each[1], 0);
    const decimals = Math.max(0, decimalsOf(Math.max(...bars.map((each) => Math.abs(each[1])))) - 1);
    byId("sum").textContent =
      `Base ${shown(pick(base))}, contributions ${signed(total, decimals)}: together ${shown(pick(base) + total)}, ${this.form.scale}.`;
    const low = Math.min(0, ...bars.map((each) => each[1]));
    const high = Math.max(0, ...bars.map((each) => each[1]));
    const width = high - low || 1;
    byId("chart").replaceChildren(element("tbody", {}, ...bars.map(([name, value]) => {
      const bar = element("i");
      bar.style.left = `${(100 * (Math.min(0, value) - low)) / width}%`;
      bar.style.width = `${(100 * Math.abs(value)) / width}%`;
      const box = element("div", { className: "bar", "aria-hidden": "true" }, bar);
      box.style.setProperty("--zero", `${(100 * -low) / width}%`);
      const given = this.record[name];
      const small = given === undefined ? [] : [" ", element("small", { textContent: given === null ? "missing" : shown(given) })];
      return element(
        "tr", { className: value < 0 ? "down" : value > 0 ? "up" : "" },
        element("th", { scope: "row" }, name, ...small),
        element("td", {}, box),
        element("td", { className: "value", textContent: signed(value, decimals) }),
      );
    })));
  }
}
