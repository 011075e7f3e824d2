// The view library, under short names. `h("p.hint", {id}, ...)` makes an element; children that are text stay text.
const { createElement, Fragment, render } = window.preact;
export const { useState, useEffect, useLayoutEffect, useRef, useMemo } = window.preactHooks;
export { Fragment, render };

export function h(kind, props, ...children) {
  if (typeof kind !== "string" || !kind.includes(".")) return createElement(kind, props, ...children);
  const [name, ...classes] = kind.split(".");
  const given = props?.class;
  return createElement(name, { ...props, class: given ? `${classes.join(" ")} ${given}` : classes.join(" ") }, ...children);
}

let made = 0;
/** An id that no other element of the page has. */
export function useId(prefix = "f") {
  return useState(() => `${prefix}${++made}`)[0];
}

/** The value, once it has stayed the same for a while. */
export function useSettled(value, milliseconds = 250) {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** Scores are shown as whole numbers, half up. */
export const rounded = (score) => (score === null || score === undefined ? null : Math.floor(score + 0.5));
export const nodes = (connection) => (connection?.edges ?? []).map((edge) => edge.node);
