// Goes through the console in headless Chromium with no way out, the whole workflow of a marketer by clicking and typing, and prints
// what it saw as JSON.  node console.mjs URL CHROMIUM KEY VIEWER_KEY FOLDER NAMES [pictures]
// NAMES, as JSON: whom and what of the market it works with. With `pictures`, the folder gets one of every view; a picture of what
// failed it gets always, and the file that it saves.
import fs from "node:fs";
import { launch, open as opened } from "./chromium.mjs";

const [origin, executablePath, key, viewerKey, folder, market, pictures] = process.argv.slice(2);
const { owns, above, accounts, sells, account: chosen, externalId, person: someone } = JSON.parse(market);
const INTEREST = `${sells} rollout`;
const GROUP = `${INTEREST} for ${chosen}`;
const AXE = fs.readFileSync(new URL("./node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const TABS = ["overview", "groups", "interests", "templates", "stages"];
const HOSTILE = '<img src=x onerror="document.title=1"><script>alert(1)</script> & "Co" \u202e{{x}}';

const browser = await launch(executablePath);
const outside = [];
const complaints = [];
const violations = {};
const wider = []; // views that are wider than the window
const bytes = {};

const open = () => opened(browser, { allowed: (request) => request.url().startsWith(`${origin}/`), outside, complaints });
const page = await open();
const named = (name, role = "button") => `::-p-aria([name="${name}"][role="${role}"])`;
const click = (name, role) => page.locator(named(name, role)).click();
const fill = (name, text, role = "textbox") => page.locator(named(name, role)).fill(text);
const shown = (text, at = page) => at.waitForFunction((wanted) => document.body.innerText.includes(wanted), {}, text);
const idle = () => page.waitForFunction(() => !document.querySelector(".loading, [aria-busy=true]"));
const title = (text) => page.waitForFunction((wanted) => document.querySelector("h1")?.innerText === wanted, {}, text);
const closed = () => page.waitForFunction(() => !document.querySelector("dialog"));

/** Chooses the option of a select whose words begin so; waits until there is one. */
async function choose(name, words) {
  const select = await page.waitForSelector(named(name, "combobox"));
  const value = await page.waitForFunction((element, wanted) => [...element.options].find((one) => one.text.startsWith(wanted))?.value, {}, select, words);
  await select.select(await value.jsonValue());
}

/** What axe has to say about what is shown. It runs beside the page's policy, which lets no foreign script in. */
async function examine(name) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => axe.run({ resultTypes: ["violations"] }));
  violations[name] = found.violations.map((one) => `${one.id}: ${one.nodes[0].target}`);
}

async function picture(name) {
  for (const width of [1280, 390]) {
    await page.setViewport({ width, height: 900 });
    await idle();
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.waitForFunction(() => {
      const { left, right } = document.querySelector(".tabs [aria-current]").getBoundingClientRect();
      return left >= 0 && right <= window.innerWidth; // the open tab is in sight
    });
    wider.push(...(await page.evaluate(() => (document.documentElement.scrollWidth > window.innerWidth ? [window.location.pathname] : []))));
    if (pictures) await page.screenshot({ path: `${folder}/${name}-${width}.png` });
  }
  await page.setViewport({ width: 1280, height: 900 });
}

const ask = (query, variables = {}) =>
  page.evaluate(
    async (body, credential) => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${credential}` };
      return (await fetch("/graphql", { method: "POST", headers, body })).json();
    },
    JSON.stringify({ query, variables }),
    key,
  );

async function signIn() {
  await page.goto(`${origin}/groups`);
  await fill("API key", "bg_no_such_key");
  await click("Sign in");
  await shown("This key is not valid, or has expired.");
  await examine("sign-in");
  await fill("API key", key);
  await click("Sign in");
  await title("Browse"); // the address that was asked for
}

async function withoutMouse() {
  await page.goto(`${origin}/`);
  await title("Overview");
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement.innerText);
  for (let i = 0; i < 3; i++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await title("Browse");
  return first;
}

async function stages() {
  await page.goto(`${origin}/stages`);
  await click("New stage model", "link");
  await fill("Name", "Analytics stages");
  for (const [i, name] of ["Identified", "Won"].entries()) {
    await click("Add a stage");
    await page.locator(`ol.cards > li:nth-child(${i + 1}) input:not([type=checkbox])`).fill(name);
  }
  await page.locator("ol.cards > li:nth-child(2) select").fill("SUCCESS");
  await click("Save");
  await shown("Before it can be published:");
  const problems = await page.$$eval(".notice.warn li", (items) => items.map((one) => one.innerText));
  await examine("stage model");
  await page.locator("ol.cards > li:nth-child(1) .chip").click();
  await click("Publish");
  await page.waitForSelector(".badge.live");
  return problems;
}

async function template() {
  await page.goto(`${origin}/templates`);
  await click("New role template", "link");
  await fill("Name", "Analytics purchase");
  await choose("Add a card for", "Champion");
  await choose("Add a card for", "Decision Maker");
  const up = await page.waitForSelector(named("Move Decision Maker up"));
  await up.focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("ol.cards h3").innerText.startsWith("1. Decision Maker"));
  await page.locator("ol.cards > li:first-child .cardhead [aria-expanded]").click();
  await page.locator(".settings .check:nth-of-type(2) input").click();
  await choose("Looks for people at", "The account and all above");
  await choose("Comparison", "Starts with");
  await fill("Values, one per line", "Chief\nManaging Director");
  await examine("template");
  await click("Save");
  await title("Analytics purchase");
  await click("Publish");
  await page.waitForSelector(".badge.live");
}

async function audience() {
  await page.goto(`${origin}/interests`);
  await click("New audience");
  await fill("Name", `${owns} of some weight`);
  await choose("Owns product", owns);
  await fill("with revenue above", String(above), "spinbutton");
  await shown(`${accounts} accounts`);
  await click("Save");
  await closed();
}

async function interest() {
  await click("New solution interest");
  await fill("Name", INTEREST);
  await click(sells, "checkbox");
  await choose("Role template", "Analytics purchase");
  await choose("Stages", "Analytics stages");
  await click("Daily maintenance adds, moves and removes people by the rules", "checkbox");
  await examine("interest's form");
  await click("Save");
  await title(INTEREST);
}

async function groups(audience = `${owns} of some weight`) {
  await click("Create groups");
  await choose("Audience", audience);
  const estimate = await page.waitForSelector(".estimate .strong");
  const words = await estimate.evaluate((element) => element.innerText);
  await page.locator("dialog footer .primary").click();
  await page.waitForSelector('.job[data-status="SUCCEEDED"]');
  const made = await page.$eval(".job .small", (element) => element.innerText);
  await click("Done");
  await closed();
  return { words, made };
}

async function browse() {
  await page.goto(`${origin}/groups?search=${encodeURIComponent(INTEREST)}`);
  await page.waitForSelector("tbody tr");
  await click("Filters");
  await page.locator("::-p-xpath(//legend[.='Role is missing']/..//button[.='Decision Maker'])").click();
  await page.locator("::-p-xpath(//legend[.='Completeness']/..//button[.='below 50'])").click(); // the third
  await page.waitForFunction(() => new URLSearchParams(window.location.search).get("completeness") === "-49");
  await idle();
  const rows = await page.$$eval("tbody td.main", (cells) => cells.map((one) => one.innerText));
  await examine("filters");
  return { rows, address: new URL(page.url()).search };
}

/** Someone is made Champion by hand, and still is after maintenance, in the role and by whom. */
async function decide() {
  await page.goto(`${origin}/groups?search=${encodeURIComponent(GROUP)}`);
  await click(GROUP, "link");
  await title(GROUP);
  const address = page.url();
  await click("Assign members");
  await page.locator("dialog select").fill(await optionOf("dialog select", "Champion"));
  await fill("Search people of the account's hierarchy", someone, "searchbox");
  await page.locator(`::-p-xpath(//dialog//li[1]//label[contains(., '${someone}')]/input)`).click();
  await page.locator("dialog footer .primary").click();
  await page.waitForSelector(".results .badge.applied");
  await examine("decision");
  await click("Done");
  await closed();
  await choose("Move to", "Identified");
  await click("Move");
  await page.waitForFunction(() => [...document.querySelectorAll(".fact .big")].some((one) => one.innerText === "Identified"));
  await page.locator(".intro a:nth-of-type(2)").click();
  await click("Run maintenance");
  await page.waitForSelector('.job[data-status="SUCCEEDED"]');
  await page.goto(address);
  const row = await page.waitForSelector(`::-p-xpath(//section[@id='members']//tr[contains(., '${someone}')])`);
  const stood = await row.evaluate((element) => [...element.cells].map((cell) => cell.innerText));
  await click(`Why is ${someone} here?`);
  const why = await page.waitForSelector("dialog .body .strong");
  const summary = await why.evaluate((element) => element.innerText);
  await examine("why");
  await page.keyboard.press("Escape");
  await closed();
  await examine("group");
  await picture("group");
  await click(`Choose ${someone}`, "checkbox");
  await click("Remove (1)");
  await fill("Reason", "Left the company");
  await page.locator("dialog footer .danger").click();
  await page.waitForSelector(".results .badge.applied");
  await click("Done");
  await shown("Left the company");
  return { stood: stood.slice(1, 4).concat(stood[7]), summary };
}

const optionOf = (selector, words) => page.waitForFunction((one, wanted) => [...(document.querySelector(one)?.options ?? [])].find((option) => option.text === wanted)?.value, {}, selector, words).then((found) => found.jsonValue());

async function dryRun() {
  await page.goto(`${origin}/templates`);
  await click("Analytics purchase", "link");
  await click("Remove the card of Decision Maker");
  await click("Dry run");
  await shown("Leave (");
  await examine("dry run");
  const without = await changes();
  await page.reload();
  await page.locator("ol.cards > li:first-child .cardhead [aria-expanded]").click();
  await fill("Values, one per line", "Chief\nManaging Director\nHead\nVice President");
  await click("Dry run");
  await shown("Join (");
  const broader = await changes();
  await page.keyboard.press("Escape");
  await closed();
  await click("Save as a new version");
  await shown("Version 2");
  return { without, broader, notice: await page.$eval(".notice", (one) => one.innerText) };
}

const changes = () => page.$$eval(".changes h3", (all) => all.map((one) => one.innerText));

/** The groups as a file, which it leaves in the folder. */
async function csv() {
  const session = await browser.target().createCDPSession();
  await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: folder, eventsEnabled: true });
  const saved = new Promise((resolve) => session.on("Browser.downloadProgress", ({ state }) => state === "completed" && resolve()));
  await page.goto(`${origin}/groups?search=${encodeURIComponent(INTEREST)}`);
  await page.waitForSelector("tbody tr a");
  await click("CSV");
  await saved;
}

async function hostile() {
  const account = { externalId, name: HOSTILE };
  await ask("mutation($a: [AccountInput!]!) { upsertAccounts(input: {accounts: $a}) { userErrors { message } } }", { a: [account] });
  const person = { externalId: "hostile", lastName: HOSTILE, jobTitle: HOSTILE, accounts: [{ accountExternalId: account.externalId, title: HOSTILE }] };
  await ask("mutation($p: [PersonInput!]!) { upsertPeople(input: {people: $p}) { userErrors { message } } }", { p: [person] });
  const found = await ask(`{ account(externalId: "${externalId}") { id buyingGroups(first: 1) { edges { node { id } } } } person(externalId: "hostile") { id } }`);
  const { account: at, person: who } = found.data;
  const group = at.buyingGroups.edges[0].node.id;
  const views = ["/groups", `/groups/${group}`, `/accounts/${at.id}`, `/groups/graph?kind=account&id=${at.id}`, `/groups/graph?kind=person&id=${who.id}`, "/overview"];
  const seen = {};
  for (const [i, view] of views.entries()) {
    await page.goto(`${origin}${view}`);
    await page.waitForFunction((text) => document.body.innerText.includes(text), {}, "<img src=x onerror=");
    seen[i] = await page.evaluate(() => document.querySelectorAll("#console img:not(.brand img), #console script").length);
  }
  return seen;
}

/** Pictures, axe and bytes of each tab, as on a first visit. */
async function tabs() {
  const session = await page.createCDPSession();
  await session.send("Network.enable");
  let received = 0;
  session.on("Network.loadingFinished", (event) => (received += event.encodedDataLength));
  for (const tab of TABS) {
    await session.send("Network.clearBrowserCache");
    received = 0;
    await page.goto(`${origin}/${tab}`, { waitUntil: "networkidle0" });
    await page.waitForSelector("h1");
    await idle();
    bytes[tab] = received;
    await examine(tab);
    await picture(tab);
  }
}

/** More groups than come at once: their rows come as one scrolls, few of them are in the page, and the address leads back. */
async function scrolling() {
  const many = Array.from({ length: 120 }, (_, i) => ({ externalId: `far-${i}`, name: `Far ${String(i).padStart(3, "0")}` }));
  await ask("mutation($a: [AccountInput!]!) { upsertAccounts(input: {accounts: $a}) { userErrors { message } } }", { a: many });
  await ask('mutation { createAccountAudience(input: {name: "Far", filter: {search: "Far "}}) { accountAudience { id } } }');
  await page.goto(`${origin}/interests?search=${encodeURIComponent(INTEREST)}`);
  await click(INTEREST, "link");
  await groups("Far");
  await page.goto(`${origin}/groups?search=rollout%20for%20Far`);
  await page.waitForSelector("tbody tr a");
  const indexes = () => page.$$eval("tr[aria-rowindex]", (all) => all.map((one) => Number(one.getAttribute("aria-rowindex"))));
  const start = await indexes();
  await page.waitForFunction(() => {
    window.scrollTo(0, document.documentElement.scrollHeight);
    return document.body.innerText.includes("rollout for Far 119");
  });
  const end = await indexes();
  await page.waitForFunction(() => new URLSearchParams(window.location.search).has("after"));
  await examine("scrolled");
  const rows = await page.$eval("table", (one) => one.getAttribute("aria-rowcount"));
  await page.reload();
  await shown("rollout for Far 119");
  const first = await page.$eval("tbody tr a", (one) => one.innerText);
  await click("Earlier rows");
  await page.waitForFunction((before) => document.querySelector("tbody tr a").innerText !== before, {}, first);
  return { rows, start: [Math.min(...start), start.length >= 20], end: [Math.max(...end), end.length < 120], first };
}

/** What one who may only look is offered. */
async function looking() {
  const other = await open();
  await other.bringToFront(); // what is behind isn't drawn
  await other.goto(`${origin}/overview`);
  await other.waitForSelector(".signin");
  await other.evaluate((credential) => sessionStorage.setItem("buying-groups-credential", credential), viewerKey);
  const offered = {};
  for (const tab of ["groups", "interests", "templates", "stages"]) {
    await other.goto(`${origin}/${tab}`);
    await other.waitForSelector("tbody tr, ul.tiles li");
    offered[tab] = await other.$$eval("header.page .button", (all) => all.map((one) => one.innerText));
  }
  await other.close();
  await page.bringToFront();
  return offered;
}

async function german() {
  await page.goto(`${origin}/groups`);
  await page.locator(named("Language", "combobox")).fill("de");
  await title("Durchsuchen");
  return page.$eval("html", (element) => element.lang);
}

try {
  const seen = {};
  const steps = { signIn, withoutMouse, stages, template, audience, interest, groups, browse, decide, dryRun, csv, tabs, hostile, scrolling, looking, german };
  for (const [name, step] of Object.entries(steps)) {
    try {
      seen[name] = (await step()) ?? null;
    } catch (error) {
      await page.screenshot({ path: `${folder}/failed.png`, fullPage: true });
      throw new Error(`${name}: ${error.message}\n${(await page.evaluate(() => document.body.innerText)).slice(0, 2000)}`);
    }
  }
  console.log(JSON.stringify({ ...seen, violations, wider, bytes, outside, complaints }));
} finally {
  await browser.close();
}
