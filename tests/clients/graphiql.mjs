// Opens GraphiQL in headless Chromium with no way out, runs the queries of its first tab by clicking, the first one last, and prints
// what it saw as JSON.  node graphiql.mjs URL CHROMIUM SCREENSHOT
import { launch, open } from "./chromium.mjs";

const [url, executablePath, screenshot] = process.argv.slice(2);
const { origin } = new URL(url);
const EDITOR = ".graphiql-query-editor .CodeMirror";
const RESULT = ".result-window .CodeMirror";

const browser = await launch(executablePath);
try {
  const outside = [];
  const complaints = [];
  const allowed = (request) => request.url().startsWith(`${origin}/`) || request.url().startsWith("data:");
  const page = await open(browser, { allowed, outside, complaints });
  page.setDefaultTimeout(120_000);
  await page.setViewport({ width: 1440, height: 900 });

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
