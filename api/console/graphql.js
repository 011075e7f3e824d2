// What the console asks of the API: queries and mutations over HTTP, subscriptions over graphql-transport-ws.
import { useEffect, useLayoutEffect, useRef, useState } from "./base.js";

const KEY = "buying-groups-credential";
const PATH = "/graphql";
const RETRY = [500, 1000, 2000, 5000, 10000, 30000]; // milliseconds

/** Marks a document, so that tests find it and check it against the schema. */
export const gql = (strings) => strings.raw[0];

/** `kind`: offline, unauthenticated, forbidden, or failed. */
export class ApiError extends Error {
  constructor(kind, message, requestId) {
    super(message);
    this.kind = kind;
    this.requestId = requestId;
  }
}

export const credential = () => sessionStorage.getItem(KEY);
export function setCredential(value) {
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
}

const KINDS = { UNAUTHENTICATED: "unauthenticated", FORBIDDEN: "forbidden" };
const refused = new Set();
/** Calls back whenever the server wants to know who is there. Returns how to stop. */
export function onRefused(callback) {
  refused.add(callback);
  return () => refused.delete(callback);
}

function authorization(key) {
  return key ? { authorization: `Bearer ${key}` } : {};
}

export async function fetched(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("offline", "");
  }
}

/** The data of an operation. Raises ApiError. */
export async function ask(query, variables = {}, { signal, key } = {}) {
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json, application/json" };
  const body = JSON.stringify({ query, variables });
  const used = key ?? credential();
  const response = await fetched(PATH, { method: "POST", headers: { ...headers, ...authorization(used) }, body, signal });
  let answer;
  try {
    answer = await response.json();
  } catch {
    throw new ApiError("failed", `HTTP ${response.status}`);
  }
  const problem = answer.errors?.[0];
  if (!problem) return answer.data;
  const kind = response.status === 401 ? "unauthenticated" : (KINDS[problem.extensions?.code] ?? "failed");
  if (kind === "unauthenticated" && !key && used === credential()) for (const callback of refused) callback();
  throw new ApiError(kind, problem.message, problem.extensions?.requestId);
}

function onceKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What a mutation of one field with an $idempotencyKey answers. When the answer gets lost it is asked for again: what was
 * done is not done twice. */
export async function act(query, variables) {
  const given = { ...variables, idempotencyKey: onceKey() };
  let data;
  try {
    data = await ask(query, given);
  } catch (error) {
    if (error.kind !== "offline") throw error;
    data = await ask(query, given);
  }
  return Object.values(data)[0];
}

/** A query and what became of it: {data, error, loading, reload}. The last data stays while newer ones come. Without a query
 * nothing is asked. */
export function useQuery(query, variables = {}) {
  const [state, setState] = useState({ data: null, error: null, loading: true });
  const [turn, setTurn] = useState(0);
  const wanted = JSON.stringify(variables);
  const last = useRef(null);
  // At once, not after the next paint: the answer is what is waited for.
  useLayoutEffect(() => {
    if (!query) return setState({ data: null, error: null, loading: false });
    const stop = new AbortController();
    setState((now) => ({ data: last.current === query ? now.data : null, error: null, loading: true }));
    last.current = query;
    ask(query, JSON.parse(wanted), { signal: stop.signal }).then(
      (data) => setState({ data, error: null, loading: false }),
      (error) => error.name !== "AbortError" && setState((now) => ({ data: now.data, error, loading: false })),
    );
    return () => stop.abort();
  }, [query, wanted, turn]);
  useEffect(() => {
    const again = () => state.error?.kind === "offline" && setTurn((now) => now + 1);
    window.addEventListener("online", again);
    return () => window.removeEventListener("online", again);
  }, [state.error]);
  return { ...state, reload: () => setTurn((now) => now + 1) };
}

/** Follows a subscription: `next` gets each data, `end` is called when it completes, or with an ApiError when it is refused. A lost
 * connection is made again. Returns how to stop. */
export function follow(query, variables, { next, end = () => {} }) {
  let socket = null;
  let timer = null;
  let tries = 0;
  let over = false;
  function finish(error) {
    over = true;
    socket?.close();
    end(error);
  }
  function connect() {
    const { protocol, host } = window.location;
    socket = new WebSocket(`${protocol === "https:" ? "wss" : "ws"}://${host}${PATH}`, "graphql-transport-ws");
    const send = (message) => socket.send(JSON.stringify(message));
    socket.onopen = () => send({ type: "connection_init", payload: authorization(credential()) });
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (over) return;
      if (message.type === "connection_ack") send({ id: "1", type: "subscribe", payload: { query, variables } });
      else if (message.type === "ping") send({ type: "pong" });
      else if (message.type === "next") {
        tries = 0;
        const problem = message.payload.errors?.[0];
        if (problem) finish(new ApiError(KINDS[problem.extensions?.code] ?? "failed", problem.message));
        else next(message.payload.data);
      } else if (message.type === "error") finish(new ApiError("failed", message.payload[0].message));
      else if (message.type === "complete") finish();
    };
    socket.onclose = ({ code }) => {
      if (over) return;
      if (code === 4401 || code === 4403) finish(new ApiError("unauthenticated", ""));
      else timer = setTimeout(connect, RETRY[Math.min(tries++, RETRY.length - 1)]);
    };
  }
  connect();
  return () => {
    over = true;
    clearTimeout(timer);
    socket.close();
  };
}

/** Saves the groups of a filter as a CSV file. Raises ApiError. */
export async function saveCsv(filter, orderBy) {
  const query = new URLSearchParams({ filter: JSON.stringify(filter), ...(orderBy && { orderBy: JSON.stringify(orderBy) }) });
  const response = await fetched(`/export/buying-groups.csv?${query}`, { headers: authorization(credential()) });
  if (!response.ok) throw new ApiError("failed", `HTTP ${response.status}`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = "buying-groups.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
