// Every view has an address that can be shared: its path says what is shown, its query which part of it.
import { h, useEffect, useState } from "./base.js";

const listeners = new Set();
const now = () => ({
  path: window.location.pathname.split("/").filter(Boolean).map(decoded),
  search: new URLSearchParams(window.location.search),
});
window.addEventListener("popstate", () => listeners.forEach((tell) => tell()));

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function useRoute() {
  const [route, setRoute] = useState(now);
  useEffect(() => {
    const tell = () => setRoute(now());
    listeners.add(tell);
    return () => listeners.delete(tell);
  }, []);
  return route;
}

export function navigate(address, { replace = false } = {}) {
  if (address === window.location.pathname + window.location.search) return;
  window.history[replace ? "replaceState" : "pushState"](null, "", address);
  listeners.forEach((tell) => tell());
}

/** Has the address say where in the view one is; null takes a name out. The view stays as it is. */
export function note(values) {
  const address = new URL(window.location);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  if (address.href !== window.location.href) window.history.replaceState(null, "", address);
}

/** An address of the console: `path("groups", id)`, with a query of what is neither absent nor empty. */
export function path(...parts) {
  const query = typeof parts.at(-1) === "object" ? parts.pop() : {};
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value]) if (one !== null && one !== undefined && one !== "") search.append(name, one);
  const text = search.toString();
  return `/${parts.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/** Goes there without loading the page anew, unless it is to open elsewhere. */
export function onClick(event) {
  const link = event.currentTarget;
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.defaultPrevented) return;
  event.preventDefault();
  navigate(link.getAttribute("href"));
}

export function Link({ to, children, ...rest }) {
  return h("a", { href: to, onClick, ...rest }, children);
}
