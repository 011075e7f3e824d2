// Signs in to the console at a provider, in every way that can end, and prints what it saw as JSON.
// node signin.mjs URL CHROMIUM PROVIDER
import fs from "node:fs";
import { launch, open } from "./chromium.mjs";

const [origin, executablePath, provider] = process.argv.slice(2);
const AXE = fs.readFileSync(new URL("./node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const TOKEN = "buying-groups-credential";
const VIEW = `${origin}/groups?search=Insights`;

const browser = await launch(executablePath);
const outside = [];
const complaints = [];
const visited = []; // addresses of documents
/** This server, and the provider for whole pages alone: no script reaches it. */
function allowed(request) {
  const document = request.isNavigationRequest();
  if (document) visited.push(request.url());
  return request.url().startsWith(`${origin}/`) || (document && request.url().startsWith(`${provider}/`));
}
const page = await open(browser, { allowed, outside, complaints });
const button = `::-p-xpath(//button[starts-with(., 'Sign in with ')])`;
const refused = async (words) => {
  await page.waitForFunction((wanted) => document.querySelector("[role=alert]")?.innerText === wanted, {}, words);
  return page.evaluate((name) => [location.pathname + location.search, sessionStorage.getItem(name)], TOKEN);
};
const inside = () => page.waitForFunction(() => document.querySelector("h1")?.innerText === "Browse");
const place = () => page.evaluate(() => location.pathname + location.search);
const teach = (changes) => fetch(`${provider}/teach`, { method: "POST", body: JSON.stringify(changes) });
const again = async () => {
  await page.evaluate(() => sessionStorage.clear());
  await page.goto(VIEW);
};
const enter = () => page.locator(button).click();

const steps = {
  async comesIn() {
    await page.goto(VIEW);
    const words = await (await page.waitForSelector(button)).evaluate((element) => element.innerText);
    await page.evaluate(AXE);
    const violations = await page.evaluate(async () => (await axe.run({ resultTypes: ["violations"] })).violations.map((one) => one.id));
    await enter();
    await inside();
    const kept = await page.evaluate(() => [Object.keys(sessionStorage).sort(), Object.keys(localStorage)]);
    return { words, violations, place: await place(), kept, subject: await page.$eval(".subject", (one) => one.innerText) };
  },
  /** What the browser remembers of the way there has neither a code nor a token. */
  async leavesNoTrace() {
    const session = await page.createCDPSession();
    const { entries } = await session.send("Page.getNavigationHistory");
    return entries.map((one) => one.url).filter((url) => /code=|token/.test(url.replace("code_challenge", "").replace("response_type=code", "")));
  },
  async staysAfterReload() {
    await page.reload();
    await inside();
    return place();
  },
  /** The token holds no longer: the provider still knows who is there. */
  async renewsUnasked() {
    visited.length = 0;
    await page.evaluate((name) => sessionStorage.setItem(name, "expired"), TOKEN);
    await page.goto(`${VIEW}&completeness=-49`);
    await page.waitForFunction((name) => sessionStorage.getItem(name)?.startsWith("ey"), {}, TOKEN);
    await inside();
    return { place: await place(), silent: visited.filter((url) => url.includes("prompt=none")).length };
  },
  /** The provider doesn't know, either: one is asked, and comes back to the same view. */
  async asksWhenItMust() {
    await teach({ knows: false });
    await page.evaluate((name) => sessionStorage.setItem(name, "expired"), TOKEN);
    await page.reload();
    const said = await refused("Your sign-in has expired. Please sign in again; you come back to where you were.");
    await enter();
    await inside();
    return [...said, await place()];
  },
  async signsOut() {
    await page.locator("::-p-xpath(//button[.='Sign out'])").click();
    await page.waitForSelector(button);
    visited.length = 0;
    await page.reload();
    await page.waitForSelector(button);
    return { kept: await page.evaluate(() => Object.keys(sessionStorage)), asked: visited.filter((url) => url.startsWith(provider)) };
  },
  async isDenied() {
    await teach({ lets_in: false });
    await again();
    await enter();
    const said = await refused("The provider did not let you in.");
    await teach({ lets_in: true });
    return said;
  },
  async refusesAnotherState() {
    await page.goto(`${origin}/sign-in?code=stolen&state=made-up`);
    return refused("This answer of the provider belongs to no sign-in that was begun here. Please sign in again.");
  },
  async refusesALateAnswer() {
    await again();
    await page.waitForSelector(button);
    await page.evaluate(() => {
      const pending = { state: "s", nonce: "n", verifier: "v".repeat(43), issuer: "i", clientId: "c", back: "/groups", at: Date.now() };
      sessionStorage.setItem("buying-groups-sign-in", JSON.stringify(pending));
    });
    await page.goto(`${origin}/sign-in?code=used&state=s`);
    return refused("The sign-in took too long, or was used before. Please sign in again.");
  },
  async refusesAnotherNonce() {
    await teach({ wrong: { nonce: "another" } });
    await again();
    await enter();
    const said = await refused("What the provider sent belongs to another sign-in. Please sign in again.");
    await teach({ wrong: {} });
    return said;
  },
  async refusesATokenForOthers() {
    await teach({ audience: "another API" });
    await again();
    await enter();
    return refused("The provider knows you, but its token is not accepted here. Ask whoever runs this server.");
  },
};

try {
  const seen = {};
  for (const [name, step] of Object.entries(steps)) {
    try {
      seen[name] = await step();
    } catch (error) {
      throw new Error(`${name}: ${error.message}\n${page.url()}\n${(await page.evaluate(() => document.body.innerText)).slice(0, 2000)}`);
    }
  }
  console.log(JSON.stringify({ ...seen, outside, complaints }));
} finally {
  await browser.close();
}
