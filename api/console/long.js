// A long table: more rows come as one scrolls, and only those near the window are in the page, so that a hundred thousand are no burden.
import { Fragment, h, nodes, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./base.js";
import { count, t } from "./messages.js";
import { note } from "./router.js";
import { Button, Frame, Row, Trouble } from "./ui.js";

const MARGIN = 900; // pixels above and below the window that are drawn, too
const STAY = 300; // pixels beyond the margin at which what is drawn goes again: at one and the same line it would come and go for ever
const AHEAD = 3000; // pixels from the end at which the next rows are asked for
const SETTLED = 300; // milliseconds without scrolling, until the address says where one is

const TOGETHER = 10; // rows that are drawn together: few enough for one frame

/** Rows in blocks: {rows, key, after, height}. `after`: the cursor before the page that a block came with; the height in pixels is known
 * once it was drawn. */
function begin(first, after) {
  const { startCursor, endCursor, hasPreviousPage, hasNextPage } = first.pageInfo;
  const now = { first, start: startCursor, end: endCursor, earlier: hasPreviousPage, later: hasNextPage, fromStart: !hasPreviousPage, busy: false, error: null };
  return { ...now, blocks: asBlocks(first, after) };
}

function asBlocks(page, after) {
  const rows = nodes(page);
  const starts = Array.from({ length: Math.ceil(rows.length / TOGETHER) }, (_, i) => i * TOGETHER);
  return starts.map((at) => ({ rows: rows.slice(at, at + TOGETHER), key: rows[at].id, after, height: 0 }));
}

/** How high a block is that wasn't drawn yet, as far as one can tell. */
function usual(blocks) {
  let sum = 0;
  let known = 0;
  for (const { height } of blocks) {
    sum += height;
    if (height) known++;
  }
  return sum / (known || 1);
}

/** Calls `see(block, top, bottom)` for each block in turn, with where it lies in pixels below the window's top, until that returns true.
 * Returns the last bottom. It runs in every frame: there may be ten thousand blocks, so it makes nothing. */
function pass({ blocks }, table, see) {
  const height = usual(blocks);
  let bottom = table.tBodies[0].getBoundingClientRect().top;
  for (const block of blocks) {
    const top = bottom;
    bottom += block.height || height;
    if (see(block, top, bottom)) break;
  }
  return bottom;
}

/** `first`: the connection one starts with, `after` which cursor, if one knows. `more(page)`: the one before or after a cursor, `page` as its arguments. */
export default function Long({ first, after, more, size, caption, columns, sort, sorted }) {
  const table = useRef(null);
  const list = useRef(null);
  if (list.current?.first !== first) list.current = begin(first, after);
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
    load({ first: size, after: now.end }, (page) => {
      now.blocks.push(...asBlocks(page, now.end));
      now.end = page.pageInfo.endCursor;
      now.later = page.pageInfo.hasNextPage;
    });
  const earlier = () =>
    load({ last: size, before: now.start }, (page) => {
      now.blocks.unshift(...asBlocks(page, null));
      now.start = page.pageInfo.startCursor;
      now.earlier = page.pageInfo.hasPreviousPage;
    });

  /** Draws what is near the window, and what has the focus; asks for more near the end. */
  function look() {
    if (!table.current) return;
    for (const body of table.current.querySelectorAll("tbody[data-block]")) now.blocks[body.dataset.block].height = body.getBoundingClientRect().height;
    const held = now.blocks[document.activeElement?.closest("tbody[data-block]")?.dataset.block];
    const near = [];
    const end = pass(now, table.current, (block, top, bottom) => {
      const margin = drawn.blocks.has(block) ? MARGIN + STAY : MARGIN;
      if (block === held || (bottom > -margin && top < window.innerHeight + margin)) near.push(block);
    });
    if (near.length !== drawn.blocks.size || near.some((block) => !drawn.blocks.has(block))) draw({ blocks: new Set(near) });
    if (now.later && !now.error && end < window.innerHeight + AHEAD) later();
  }
  useLayoutEffect(look);
  useScrolling(look, () => {
    let top = null;
    pass(now, table.current, (block, _, bottom) => bottom > 0 && (top = block));
    if (top && (top.after || now.fromStart)) note({ after: top.after, before: null });
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
  const height = usual(blocks);
  let room = 0;
  let before = 0;
  const space = (key) => room > 0 && shown.push(h("tbody.space", { key, "aria-hidden": "true" }, h("tr", null, h("td", { colSpan: columns.length, style: { height: `${room}px` } }))));
  blocks.forEach((block, at) => {
    if (drawn.has(block) || (at === 0 && !block.height)) {
      space(`before ${block.key}`);
      room = 0;
      shown.push(h(Block, { key: block.key, block, at, before: fromStart ? before : null, columns }));
    } else room += block.height || height;
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
