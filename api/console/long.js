// A long table: more rows come as one scrolls, and only those near the window are in the page, so that a hundred thousand are no burden.
import { Fragment, h, nodes, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./base.js";
import { count, t } from "./messages.js";
import { note } from "./router.js";
import { Button, Frame, Row, Trouble } from "./ui.js";

const MARGIN = 900; // pixels above and below the window that are drawn, too
const AHEAD = 3000; // pixels from the end at which the next rows are asked for
const SETTLED = 300; // milliseconds without scrolling, until the address says where one is

/** Rows in blocks, each as it came: {rows, start, end, height}; the height in pixels is known once it was drawn. */
function begin(first) {
  const { hasPreviousPage, hasNextPage } = first.pageInfo;
  return { first, blocks: [asBlock(first)], earlier: hasPreviousPage, later: hasNextPage, fromStart: !hasPreviousPage, busy: false, error: null };
}
const asBlock = (page) => ({ rows: nodes(page), start: page.pageInfo.startCursor, end: page.pageInfo.endCursor, height: 0 });

/** Where the blocks lie, in pixels below the window's top: [[block, top, bottom]]. */
function places({ blocks }, table) {
  const known = blocks.filter((block) => block.height);
  const usual = known.reduce((sum, block) => sum + block.height, 0) / (known.length || 1);
  let bottom = table.tBodies[0].getBoundingClientRect().top;
  return blocks.map((block) => {
    const top = bottom;
    bottom += block.height || usual;
    return [block, top, bottom];
  });
}

/** `first`: the connection one starts with. `more(page)`: the one before or after a cursor, `page` as its arguments. */
export default function Long({ first, more, size, caption, columns, sort, sorted }) {
  const table = useRef(null);
  const list = useRef(null);
  if (list.current?.first !== first) list.current = begin(first);
  const [drawn, draw] = useState({ blocks: new Set() });
  const now = list.current;

  async function load(page, join) {
    if (now.busy) return;
    Object.assign(now, { busy: true, error: null });
    try {
      join(await more(page));
    } catch (error) {
      now.error = error;
    }
    now.busy = false;
    if (list.current === now) draw(({ blocks }) => ({ blocks }));
  }
  const later = () =>
    load({ first: size, after: now.blocks.at(-1).end }, (page) => {
      now.blocks.push(asBlock(page));
      now.later = page.pageInfo.hasNextPage;
    });
  const earlier = () =>
    load({ last: size, before: now.blocks[0].start }, (page) => {
      now.blocks.unshift(asBlock(page));
      now.earlier = page.pageInfo.hasPreviousPage;
    });

  /** Draws what is near the window, and what has the focus; asks for more near the end. */
  function look() {
    if (!table.current) return;
    for (const body of table.current.querySelectorAll("tbody[data-block]")) now.blocks[body.dataset.block].height = body.offsetHeight;
    const all = places(now, table.current);
    const held = now.blocks[document.activeElement?.closest("tbody[data-block]")?.dataset.block];
    const near = all.filter(([block, top, bottom]) => block === held || (bottom > -MARGIN && top < window.innerHeight + MARGIN)).map(([block]) => block);
    if (near.length !== drawn.blocks.size || near.some((block) => !drawn.blocks.has(block))) draw({ blocks: new Set(near) });
    if (now.later && !now.error && all.at(-1)[2] < window.innerHeight + AHEAD) later();
  }
  useLayoutEffect(look);
  useScrolling(look, () => {
    const at = places(now, table.current).findIndex(([, , bottom]) => bottom > 0);
    if (at > 0) note({ after: now.blocks[at - 1].end, before: null });
    else if (at === 0 && now.fromStart) note({ after: null, before: null });
  });

  return h(
    Fragment,
    null,
    h("p.pager", { role: "status" }, count(first.totalCount, "{n} group", "{n} groups")),
    now.earlier && h(Button, { onClick: earlier, disabled: now.busy }, t("Earlier rows")),
    h(Frame, { caption, columns, sort, sorted, inner: table, class: "long", rowCount: now.fromStart ? first.totalCount + 1 : -1 }, bodies(now, drawn.blocks, columns)),
    now.error && h(Trouble, { error: now.error, retry: later }),
    now.later && !now.error && h("p.pager", { role: "status" }, now.busy && t("Loading …"), h(Button, { onClick: later, disabled: now.busy }, t("More rows"))),
  );
}

/** The blocks that are drawn, and between them as much room as the others take. */
function bodies({ blocks, fromStart }, drawn, columns) {
  const shown = [];
  let room = 0;
  let before = 0;
  const space = (key) => room > 0 && shown.push(h("tbody.space", { key, "aria-hidden": "true" }, h("tr", null, h("td", { colSpan: columns.length, style: { height: `${room}px` } }))));
  blocks.forEach((block, at) => {
    if (drawn.has(block) || !block.height) {
      space(`before ${block.end}`);
      room = 0;
      shown.push(h(Block, { key: block.end, block, at, before: fromStart ? before : null, columns }));
    } else room += block.height;
    before += block.rows.length;
  });
  space("end");
  return shown;
}

/** Rows stay as they were drawn: they are many, and nothing changes in them. */
function Block({ block, at, before, columns }) {
  return useMemo(
    () => h("tbody", { role: "rowgroup", "data-block": at }, block.rows.map((row, i) => h(Row, { key: row.id, row, columns, index: before === null ? null : before + i + 2 }))),
    [block, at, before],
  );
}

/** Calls `look` at most once a frame while one scrolls or resizes, and `rest` when one has stopped. */
function useScrolling(look, rest) {
  const calls = useRef({});
  calls.current = { look, rest };
  useEffect(() => {
    let frame = 0;
    let timer = 0;
    const scrolled = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        calls.current.look();
      });
      clearTimeout(timer);
      timer = setTimeout(() => calls.current.rest(), SETTLED);
    };
    window.addEventListener("scroll", scrolled, { passive: true });
    window.addEventListener("resize", scrolled);
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      window.removeEventListener("scroll", scrolled);
      window.removeEventListener("resize", scrolled);
    };
  }, []);
}
