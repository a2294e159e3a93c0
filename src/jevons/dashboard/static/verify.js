// Checks in this browser that a record is in the books: SHA-256 and Ed25519 by WebCrypto, and no
// word of the server is believed that does not lead to the root which the log's key signed.
//
// Sources: RFC 6962, section 2.1.1; RFC 9162, section 2.1.3.2 (verifying an inclusion proof);
// C2SP signed-note and tlog-checkpoint, c2sp.org.

const NODE = Uint8Array.of(1);
const LEAF = Uint8Array.of(0);
const ED25519 = 1;

export const bytesOf = (base64) => Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
export const base64Of = (bytes) => btoa(String.fromCharCode(...bytes));
const textOf = (text) => new TextEncoder().encode(text);
const isSame = (one, other) => one.length === other.length && one.every((each, at) => each === other[at]);

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function hashed(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
}

/** Hash a record: the tree's leaf. */
export const leafHash = (leaf) => hashed(LEAF, leaf);

/** Lead a leaf's hash up the tree; null where the path is not one of this tree. */
export async function rootOf(hash, index, size, path) {
  if (!(index >= 0 && index < size)) return null;
  let [place, last, root] = [BigInt(index), BigInt(size) - 1n, hash];
  for (const beside of path) {
    if (last === 0n || beside.length !== 32) return null;
    if (place & 1n || place === last) {
      root = await hashed(NODE, beside, root);
      while (!(place & 1n) && place !== 0n) [place, last] = [place >> 1n, last >> 1n];
    } else {
      root = await hashed(NODE, root, beside);
    }
    [place, last] = [place >> 1n, last >> 1n];
  }
  return last === 0n ? root : null;
}

/** Read a checkpoint, believing nothing of it. */
export function readCheckpoint(note) {
  const cut = note.lastIndexOf("\n\n");
  const text = note.slice(0, cut + 1);
  const [origin, size, root] = text.split("\n");
  const signatures = note
    .slice(cut + 2)
    .split("\n")
    .filter((line) => line.startsWith("— "))
    .map((line) => line.slice(2).split(" "))
    .map(([name, raw]) => ({ name, raw: bytesOf(raw) }));
  return { text, origin, size: Number(size), root: bytesOf(root), signatures };
}

/** Read a key as signed-note writes it: `name+id+base64`. */
export function readKey(vkey) {
  const [name, id, ...rest] = vkey.split("+");
  const raw = bytesOf(rest.join("+"));
  return { name, id, kind: raw[0], bytes: raw.slice(1) };
}

/** Tell whether a key signed a checkpoint: true, false, or null where this browser cannot tell. */
export async function isSigned(checkpoint, key) {
  const id = await hashed(textOf(`${key.name}\n`), Uint8Array.of(key.kind), key.bytes);
  const hex = [...id.slice(0, 4)].map((each) => each.toString(16).padStart(2, "0")).join("");
  if (key.kind !== ED25519 || hex !== key.id || key.name !== checkpoint.origin) return false;
  const ours = checkpoint.signatures.filter(
    ({ name, raw }) => name === key.name && isSame(raw.slice(0, 4), id.slice(0, 4)),
  );
  if (!ours.length) return false;
  let known;
  try {
    known = await crypto.subtle.importKey("raw", key.bytes, "Ed25519", false, ["verify"]);
  } catch {
    return null; // a browser of before Ed25519 was in WebCrypto
  }
  for (const { raw } of ours) {
    if (!(await crypto.subtle.verify("Ed25519", known, raw.slice(4), textOf(checkpoint.text)))) {
      return false;
    }
  }
  return true;
}

/** Remember the key of a log; false where this browser was shown another before. */
function isKnown(key, text) {
  try {
    const slot = `jevons log ${key.name}`;
    const before = localStorage.getItem(slot);
    if (before === null) localStorage.setItem(slot, text);
    return before === null ? "new" : before === text;
  } catch {
    return null;
  }
}

const VERDICTS = {
  holds: "Proved: this record is in the books, and has not been changed.",
  broken: "This does not hold. The record, the tree or the signature is not what it should be.",
  unknown: "The record is in the tree; this browser could not check everything.",
};

async function check(place) {
  const said = place.dataset;
  const states = [];
  const step = (name, state, note) => {
    const line = place.querySelector(`[data-step="${name}"]`);
    line.dataset.state = state;
    if (note) line.textContent = note;
    states.push(state);
  };
  const leaf = await leafHash(bytesOf(said.leaf));
  step("leaf", "holds", `The record's bytes make its hash, ${base64Of(leaf)}`);
  const path = said.path ? said.path.split(" ").map(bytesOf) : [];
  const root = await rootOf(leaf, Number(said.index), Number(said.size), path);
  step("path", root ? "holds" : "broken");
  const checkpoint = readCheckpoint(said.checkpoint);
  const isRoot = root && checkpoint.size === Number(said.size) && isSame(root, checkpoint.root);
  step("root", isRoot ? "holds" : "broken");
  const key = readKey(said.key);
  const signed = await isSigned(checkpoint, key);
  step("signature", signed === null ? "unknown" : signed ? "holds" : "broken");
  const known = signed ? isKnown(key, said.key) : null;
  if (known === "new") step("known", "holds", "This browser sees the key for the first time, and keeps it.");
  else step("known", known === null ? "unknown" : known ? "holds" : "broken");
  return states.includes("broken") ? "broken" : states.includes("unknown") ? "unknown" : "holds";
}

const place = globalThis.document?.querySelector("#proof[data-index]:not([data-index=''])");
if (place) {
  const verdict = place.querySelector(".verdict");
  let state = "unknown";
  if (globalThis.crypto?.subtle) {
    state = await check(place).catch(() => "broken");
    verdict.textContent = VERDICTS[state];
  } else {
    verdict.textContent = "This browser checks nothing on a page that came without encryption; use https or this machine.";
  }
  verdict.dataset.state = state;
  verdict.hidden = false;
}
