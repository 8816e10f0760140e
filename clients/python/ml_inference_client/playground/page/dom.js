// Makes elements. Text is always set as text: what the endpoint or a file says is never read as HTML.

export const byId = (id) => document.getElementById(id);

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "for" || key === "scope") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

/** How many decimals five digits of a number need. */
export const decimalsOf = (number) => Math.max(0, Math.min(6, 4 - Math.floor(Math.log10(Math.abs(number) || 1))));

/** A number as people read it: no more decimals than five digits need, and than it has. */
export function shown(number) {
  if (typeof number !== "number") return String(number);
  const size = Math.abs(number);
  const text = size !== 0 && (size < 1e-4 || size >= 1e9)
    ? number.toExponential(3)
    : number.toLocaleString("en", { maximumFractionDigits: decimalsOf(number) });
  return text.replaceAll("-", "−");
}

/** A difference, with its sign and as many decimals as its neighbours. */
export function signed(number, decimals) {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return (number > 0 ? "+" : number < 0 ? "−" : "") + Math.abs(number).toLocaleString("en", digits);
}

export const percent = (share) => (100 * share).toFixed(share > 0 && share < 0.01 ? 2 : 1) + " %";
