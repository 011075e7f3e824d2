// A tab's list: tiles under a search, page by page. What is searched for and the page stand in the address.
import { Fragment, h, nodes } from "./base.js";
import { useQuery } from "./graphql.js";
import { t } from "./messages.js";
import { navigate, path } from "./router.js";
import { Answer, Empty, Page, Pager, Search } from "./ui.js";

const PAGE = 30;

/** `field`: of the document's data, a connection or a whole list. `empty`: what to say without any, `unmatched`: if none is found.
 * `one` and `many`: how many there are in words. `tile`: an item as a list's item. `children` is what lies above it. */
export default function Listing({ route, document, field, title, intro, actions, empty, unmatched, one, many, tile, children }) {
  const tab = route.path[0];
  const search = route.search.get("search") ?? "";
  const before = route.search.get("before");
  const page = before ? { last: PAGE, before } : { first: PAGE, after: route.search.get("after") };
  const query = useQuery(document, { search: search || null, ...page });
  function shown({ [field]: found }) {
    const items = Array.isArray(found) ? found : nodes(found);
    if (!items.length) return h(Empty, { title: search ? unmatched : empty });
    return h(
      Fragment,
      null,
      h("ul.tiles", null, items.map(tile)),
      found.pageInfo && h(Pager, { info: found.pageInfo, total: found.totalCount, one, many, go: (place) => navigate(path(tab, { search, ...place })) }),
    );
  }
  return h(
    Page,
    { title, actions, intro },
    h("div.toolbar", null, h(Search, { value: search, set: (text) => navigate(path(tab, { search: text }), { replace: true }) })),
    h(Answer, { query }, shown),
    children,
  );
}
