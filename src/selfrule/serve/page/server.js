// Asks the program that serves this page, and nothing else.
const Server = {
  async ask(path, body) {
    const how = { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(30000) };
    if (body !== undefined) {
      how.method = "POST";
      how.headers = { "Content-Type": "application/json" };
      how.body = JSON.stringify(body);
      how.keepalive = how.body.length < 30000; // what is on its way arrives even when the tab is closed; browsers allow 64 kB of it
    }
    let reply, got;
    try {
      reply = await fetch(path, how);
      got = await reply.text();
    } catch {
      throw Object.assign(new Error("no answer"), { status: 0 });
    }
    if (reply.ok) return got ? JSON.parse(got) : null;
    let reason = got.trim();
    try { reason = JSON.parse(got).error; } catch { /* plain text */ }
    throw Object.assign(new Error(reason), { status: reply.status });
  },
  query: (path, values) => Server.ask(`${path}?${new URLSearchParams(values)}`),
};

// Whether it is worth asking again: nobody answered, or the disk is full for now.
const passing = (error) => error.status === 0 || error.status >= 500;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// What keys ask for happens in the order in which they were pressed, each once the one before is done.
let line = Promise.resolve();
const inOrder = (action, failed) => { line = line.then(action).catch(failed); };

const byId = (id) => document.getElementById(id);
function make(tag, values = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(values)) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
const plural = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
