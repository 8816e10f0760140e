// The form: a box for every feature, with a slider where the ends are known, a list for categories, a tick for yes or no.

import { byId, element, shown } from "./dom.js";

const MOST_SHOWN = 200; // fields at a time; a model may have thousands, which the filter finds

export class Fields {
  constructor(described, values, changed) {
    this.fields = new Map(described.map((field, index) => [field.name, { ...field, id: `f${index}` }]));
    this.changed = changed;
    this.values = { ...values };
    this.faults = new Map();
    this.show("");
  }

  /** The record as it will be sent. What is no number goes as it was typed, so that the endpoint says what it thinks. */
  record() {
    const record = {};
    for (const [name, value] of Object.entries(this.values)) {
      const field = this.fields.get(name);
      if (value === null && field.may_be_absent && !field.may_be_null) continue;
      record[name] = value;
    }
    return record;
  }

  fill(values) {
    this.values = { ...values };
    this.show(byId("filter").value);
  }

  /** Show the fields whose name contains a text. */
  show(text) {
    const wanted = [...this.fields.values()].filter((field) => field.name.toLowerCase().includes(text.toLowerCase()));
    byId("form").replaceChildren(...wanted.slice(0, MOST_SHOWN).map((field) => this.#field(field)));
    byId("more").hidden = wanted.length <= MOST_SHOWN;
    byId("more").textContent = `${MOST_SHOWN} of ${wanted.length} features; find the others by their name.`;
    this.mark([...this.faults.values()]);
  }

  /** Say beside each field what the endpoint says of it; returns the faults that have no field here. */
  mark(faults) {
    this.faults = new Map(faults.filter((fault) => this.fields.has(fault.field)).map((fault) => [fault.field, fault]));
    for (const field of this.fields.values()) {
      const box = byId(field.id);
      if (!box) continue;
      const fault = this.faults.get(field.name);
      const message = byId(`${field.id}-fault`);
      box.setAttribute("aria-invalid", fault ? "true" : "false");
      message.textContent = fault ? fault.message : "";
    }
    return faults.filter((fault) => !this.fields.has(fault.field));
  }

  #set(field, value) {
    this.values[field.name] = value;
    this.changed();
  }

  #field(field) {
    const label = element("label", { className: "name", for: field.id, textContent: field.name });
    const fault = element("p", { id: `${field.id}-fault`, className: "fault wide" });
    const parts = { category: this.#choice, boolean: this.#tick, number: this.#number }[field.kind].call(this, field);
    parts[0].id = field.id;
    const notes = parts.filter((part) => part.id === `${field.id}-note`).map((part) => part.id);
    parts[0].setAttribute("aria-describedby", [...notes, fault.id].join(" "));
    return element("div", { className: "field" }, label, ...parts, ...this.#missing(field, parts), fault);
  }

  #number(field) {
    const value = this.values[field.name];
    const box = element("input", { type: "text", inputMode: "decimal", spellcheck: false, value: value ?? "" });
    const note = element("div", { id: `${field.id}-note`, className: "wide ends" });
    if (field.low === undefined) {
      box.addEventListener("input", () => this.#set(field, typed(box.value)));
      return field.unit ? [box, element("div", { id: note.id, className: "wide ends", textContent: field.unit })] : [box];
    }
    const slider = element("input", {
      type: "range", className: "wide", min: field.low, max: field.high, step: field.step, "aria-label": `${field.name}, slider`,
    });
    const place = (at) => {
      slider.value = at;
      const share = (100 * (slider.value - field.low)) / (field.high - field.low);
      slider.style.setProperty("--share", `${share}%`);
      slider.setAttribute("aria-valuetext", shown(Number(slider.value)));
    };
    const [lowest, highest] = field.ends;
    const judge = (at) => {
      const beyond = typeof at === "number" && (at < lowest || at > highest);
      const because = field.source === "training" ? "outside what training saw" : "beyond the last split";
      note.replaceChildren(
        element("span", { textContent: shown(field.low) }),
        element("span", { textContent: beyond ? because : field.unit, className: beyond ? "beyond" : "" }),
        element("span", { textContent: shown(field.high) }),
      );
    };
    box.addEventListener("input", () => {
      const number = typed(box.value);
      if (typeof number === "number") place(number);
      judge(number);
      this.#set(field, number);
    });
    slider.addEventListener("input", () => {
      place(slider.value);
      box.value = slider.value;
      judge(Number(slider.value));
      this.#set(field, Number(slider.value));
    });
    place(typeof value === "number" ? value : (field.low + field.high) / 2);
    judge(value);
    return [box, slider, note];
  }

  #choice(field) {
    const options = field.categories.map((name) => element("option", { textContent: name, value: name }));
    const choice = element("select", {}, ...options);
    choice.selectedIndex = Math.max(0, field.categories.indexOf(this.values[field.name]));
    choice.addEventListener("change", () => this.#set(field, field.categories[choice.selectedIndex]));
    return [choice];
  }

  #tick(field) {
    const tick = element("input", { type: "checkbox", checked: Boolean(this.values[field.name]) });
    tick.addEventListener("change", () => this.#set(field, tick.checked));
    return [tick];
  }

  /** A tick by which a value is left away, where the deployment takes that. */
  #missing(field, parts) {
    if (!field.may_be_null && !field.may_be_absent) return [];
    const controls = parts.filter((part) => "disabled" in part);
    const tick = element("input", { type: "checkbox", checked: this.values[field.name] === null });
    tick.setAttribute("aria-label", `${field.name} is missing`);
    let before = this.values[field.name] ?? this.fallback(field);
    const apply = () => {
      controls.forEach((control) => (control.disabled = tick.checked));
      if (field.kind === "number") controls[0].value = tick.checked ? "" : before;
    };
    tick.addEventListener("change", () => {
      if (tick.checked) before = this.values[field.name];
      apply();
      this.#set(field, tick.checked ? null : before);
    });
    apply();
    return [element("label", { className: "missing wide" }, tick, "missing")];
  }

  fallback(field) {
    return field.kind === "category" ? field.categories[0] : field.kind === "boolean" ? false : (field.low ?? 0);
  }
}

/** What was typed: a number if it is one, nothing if it is empty, else the text itself. */
function typed(text) {
  const plain = text.trim();
  if (plain === "") return null;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) && Number.isFinite(Number(plain)) ? Number(plain) : plain;
}
