// Opens GraphiQL in headless Chromium with no way out, runs the queries of its first tab by clicking, the first one last, and prints
// what it saw as JSON.  node graphiql.mjs URL CHROMIUM SCREENSHOT
import puppeteer from "puppeteer-core";

const [url, executablePath, screenshot] = process.argv.slice(2);
const { origin } = new URL(url);
const EDITOR = ".graphiql-query-editor .CodeMirror";
const RESULT = ".result-window .CodeMirror";

const browser = await puppeteer.launch({
  executablePath,
  args: [
    "--no-sandbox", // containers allow none, and it opens no page but ours
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", // no name leads anywhere, for the browser itself, either
  ],
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  await page.setViewport({ width: 1440, height: 900 });

  const outside = [];
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    if (request.url().startsWith(`${origin}/`) || request.url().startsWith("data:")) return request.continue();
    outside.push(request.url());
    return request.abort();
  });

  const text = (selector) => page.$eval(selector, (editor) => editor.CodeMirror.getValue());

  // With several operations in the tab, the button asks which one. Locators click again when the page has drawn anew meanwhile.
  async function operations() {
    await page.locator(".graphiql-execute-button").click();
    await page.waitForSelector("[role=menuitem]");
    return page.$$eval("[role=menuitem]", (items) => items.map((one) => one.innerText.trim()));
  }

  await page.goto(url);
  await page.waitForSelector(`${EDITOR} .cm-keyword`);
  const shown = await text(EDITOR);
  const names = await operations();
  await page.keyboard.press("Escape");
  await page.waitForSelector("[role=menuitem]", { hidden: true });

  const answers = {};
  const queries = names.filter((name) => shown.includes(`query ${name} {`));
  for (const name of queries.reverse()) {
    const before = (await page.$(RESULT)) ? await text(RESULT) : "";
    await operations();
    await page.locator(`::-p-xpath(//*[@role="menuitem"][normalize-space()="${name}"])`).click();
    await page.waitForFunction(
      (selector, old) => {
        const now = document.querySelector(selector)?.CodeMirror.getValue();
        return now && now !== old && now.trimEnd().endsWith("}");
      },
      {},
      RESULT,
      before,
    );
    answers[name] = JSON.parse(await text(RESULT));
  }
  await page.mouse.move(720, 890);
  await page.screenshot({ path: screenshot });
  console.log(JSON.stringify({ names, answers, outside, complaints }));
} finally {
  await browser.close();
}
