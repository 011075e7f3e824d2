// Headless Chromium with no way out, for the scripts beside this one.
import puppeteer from "puppeteer-core";

export const launch = (executablePath, ...args) =>
  puppeteer.launch({
    executablePath,
    args: [
      "--no-sandbox", // containers allow none, and it opens no page but ours
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--lang=en",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", // no name leads anywhere, for the browser itself, either
      ...args,
    ],
  });

/** A page that reaches what `allowed` says; what else it asks for is told in `outside`, what it complains of in `complaints`. */
export async function open(browser, { allowed, outside, complaints }) {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.setViewport({ width: 1280, height: 900 });
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    if (allowed(request) || request.url().startsWith("blob:")) return request.continue();
    outside.push(request.url());
    return request.abort();
  });
  return page;
}
