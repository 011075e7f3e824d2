// Asks Neo4j Browser the analysts' questions in headless Chromium with no way out, in the style, and prints what it saw as JSON.
//   node analysts.mjs URL BOLT CHROMIUM PICTURES ASKED, a file: {"password": ..., "style": ..., "asked": [{"name", "text", "params"}]}
import fs from "node:fs";
import puppeteer from "puppeteer-core";

const [url, bolt, executablePath, pictures, file] = process.argv.slice(2);
const { password, style, asked } = JSON.parse(fs.readFileSync(file, "utf8"));
const { origin } = new URL(url);
const FRAME = '[data-testid="frame"]';

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
  await page.setViewport({ width: 1400, height: 800 });
  await page.setRequestInterception(true);
  page.on("request", (request) =>
    request.url().startsWith(`${origin}/`) || /^(data|blob):/.test(request.url()) ? request.continue() : request.abort(),
  );

  await page.goto(url);
  await page.locator('[data-testid="boltaddress"]').fill(bolt);
  await page.locator('[data-testid="username"]').fill("neo4j");
  await page.locator('[data-testid="password"]').fill(password);
  await page.locator('[data-testid="connect"]').click();
  await page.waitForFunction(() => document.body.innerText.includes("You are connected"));

  /** Types into the editor and runs it. */
  async function type(text) {
    await page.locator(".monaco-editor textarea").click();
    await page.evaluate((given) => {
      const data = new DataTransfer();
      data.setData("text/plain", given);
      document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
    }, text);
    await page.keyboard.down("Control");
    await page.keyboard.press("Enter");
    await page.keyboard.up("Control");
  }

  /** The same; returns when another frame is there. */
  async function run(text) {
    const before = (await page.$$(FRAME)).length;
    await type(text);
    await page.waitForFunction((selector, count) => document.querySelectorAll(selector).length > count, {}, FRAME, before);
  }

  /** Drops a file onto the window, as the guide tells. */
  async function drop(name, content) {
    await page.evaluate(
      (file, text) => {
        const data = new DataTransfer();
        data.items.add(new File([text], file));
        const target = document.querySelector('[data-testid="main"]') ?? document.body;
        for (const kind of ["dragenter", "dragover", "drop"]) {
          target.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
        }
      },
      name,
      content,
    );
  }

  /** Returns once a frame that slides into its place is there. */
  async function still(frame) {
    let before = "";
    for (let now = JSON.stringify(await frame.boundingBox()); now !== before; now = JSON.stringify(await frame.boundingBox())) {
      before = now;
      await new Promise((done) => setTimeout(done, 500)); // nothing tells that it has come to rest
    }
  }

  await drop("buying-groups.grass", style);

  /** Returns once the nodes of a graph stand still, all of them in sight. */
  async function settled(frame) {
    const places = () => frame.$$eval("g.node", (nodes) => nodes.map((one) => one.getAttribute("transform")).join());
    let before = "";
    for (let now = await places(); !now || now !== before; now = await places()) {
      before = now;
      await new Promise((done) => setTimeout(done, 500)); // nothing tells that they have come to rest
    }
    await (await frame.$('[aria-label="zoom-to-fit"]')).click();
    await page.mouse.move(0, 0);
    await new Promise((done) => setTimeout(done, 1500)); // nor that the zoom has
  }

  const seen = {};
  for (const { name, text, params } of asked) {
    await type(":clear");
    await page.waitForFunction((selector) => !document.querySelector(selector), {}, FRAME);
    if (Object.keys(params).length) await run(`:params ${JSON.stringify(params)}`);
    await run(text);
    const frame = await page.waitForSelector(FRAME);
    await page.waitForFunction((one) => /Started streaming|Displaying|no changes/.test(one.innerText), {}, frame);
    await still(frame);
    if (await frame.$('[aria-label="zoom-to-fit"]')) await settled(frame);
    seen[name] = await frame.evaluate((one) => one.innerText);
    await frame.screenshot({ path: `${pictures}/${name}.png` });
  }
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
