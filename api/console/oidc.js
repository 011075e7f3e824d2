// Signing in at an OpenID Connect provider: authorization code flow with PKCE, state and nonce. The browser goes there and comes
// back to /sign-in; all else this server asks the provider, so the page reaches no other origin.
import { ApiError, fetched, setCredential } from "./graphql.js";

const PATH = "/console/sign-in";
const PENDING = "buying-groups-sign-in"; // what is under way: state, nonce, verifier, where to go on
const SIGNED_IN = "buying-groups-signed-in"; // a token of this tab was accepted
const MAX_AGE = 10 * 60_000; // milliseconds that a sign-in may take
const SILENT = ["login_required", "interaction_required", "consent_required", "account_selection_required"];

/** `code`: denied, state, expired, token, again, provider; or one of ApiError's kinds. */
export class SignInError extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const redirectUri = () => `${window.location.origin}/sign-in`;

async function json(response) {
  try {
    return await response.json();
  } catch {
    return {};
  }
}

/** The provider at which one may sign in, or null. Raises SignInError, ApiError. */
export async function offer() {
  if (!window.isSecureContext) return null; // there is no SHA-256
  const response = await fetched(PATH, { headers: { accept: "application/json" } });
  if (!response.ok) throw new SignInError("provider");
  return (await json(response)).provider ?? null;
}

/** Goes to the provider, and from there back to `back`. `silent`: without asking anything of anyone. */
export async function leaveFor(provider, back, { silent = false } = {}) {
  const pending = { state: random(), nonce: random(), verifier: random(), issuer: provider.issuer, clientId: provider.clientId, back, at: Date.now() };
  const challenge = base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pending.verifier))));
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const address = new URL(provider.authorizationEndpoint);
  const asked = {
    response_type: "code",
    client_id: provider.clientId,
    redirect_uri: redirectUri(),
    scope: provider.scopes,
    audience: provider.audience, // some providers make tokens for an API only when it is named
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...(silent && { prompt: "none" }),
  };
  for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
  window.location.assign(address);
}

function taken() {
  const text = sessionStorage.getItem(PENDING);
  sessionStorage.removeItem(PENDING); // each counts once
  return text && JSON.parse(text);
}

/** What the address says on the way back. It is taken out of the address before anything else happens. */
function answer() {
  const search = new URLSearchParams(window.location.search);
  window.history.replaceState(null, "", window.location.pathname);
  return search;
}

function claims(token) {
  const part = token.split(".")[1] ?? "";
  const bytes = Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** The ID token must be the answer to this very request. It came straight from the provider, so its signature needs no check; nobody
 * is let in by it. */
function check(idToken, pending) {
  let said;
  try {
    said = claims(idToken);
  } catch {
    throw new SignInError("token");
  }
  const audience = [said.aud].flat();
  if (said.iss !== pending.issuer || !audience.includes(pending.clientId) || said.nonce !== pending.nonce) throw new SignInError("token");
  if (!(said.exp * 1000 > Date.now() - 60_000)) throw new SignInError("expired");
}

/** Ends a sign-in with what the provider sent along: the token is kept for this tab. Returns where to go on; null if there was no
 * sign-in at all. Raises SignInError with `back`, ApiError. */
export async function arrive() {
  const search = answer();
  const pending = taken();
  if (!search.has("code") && !search.has("error")) return null;
  try {
    setCredential(await finished(search, pending));
  } catch (error) {
    error.back = pending?.back;
    throw error;
  }
  return pending.back;
}

async function finished(search, pending) {
  if (!pending || search.get("state") !== pending.state) throw new SignInError("state");
  if (search.has("iss") && search.get("iss") !== pending.issuer) throw new SignInError("state");
  const error = search.get("error");
  if (error) throw new SignInError(error === "access_denied" ? "denied" : SILENT.includes(error) ? "again" : "provider");
  if (Date.now() - pending.at > MAX_AGE) throw new SignInError("expired");
  const body = JSON.stringify({ code: search.get("code"), verifier: pending.verifier, redirectUri: redirectUri() });
  const response = await fetched(PATH, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (response.status === 400) throw new SignInError("expired");
  if (!response.ok) throw new SignInError("provider");
  const tokens = await json(response);
  check(String(tokens.idToken), pending);
  return tokens.accessToken;
}

/** Whether the credential of this tab is a provider's token that was accepted before: then it may be renewed unasked. */
export const signedIn = () => sessionStorage.getItem(SIGNED_IN) !== null;
export function noteSignedIn(yes) {
  if (yes) sessionStorage.setItem(SIGNED_IN, "1");
  else sessionStorage.removeItem(SIGNED_IN);
}

export const codeOf = (error) => (error instanceof ApiError ? error.kind : (error.code ?? "provider"));
