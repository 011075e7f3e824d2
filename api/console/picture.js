import { h } from "./base.js"; import { Page } from "./ui.js"; export default function X() { return h(Page, { title: "todo" }); }
