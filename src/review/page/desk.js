// Talking to the server. A decision counts as saved when its answer is here, not before.

/** The server refused, or did not answer (`gone`). */
export class Trouble extends Error {
  constructor(message, details = {}) {
    super(message);
    Object.assign(this, details);
  }
}

async function answer(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", credentials: "omit", ...options });
  } catch {
    throw new Trouble("", { gone: true });
  }
  if (response.ok) return response.json();
  if (response.status === 404 || response.status === 421) throw new Trouble("", { moved: true });
  const told = await response.json().catch(() => ({}));
  throw new Trouble(told.message ?? response.statusText, { code: told.code, hint: told.hint });
}

function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== false);
  return new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
}

function send(path, body) {
  return answer(path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
}

/** An id for a decision: the same decision sent again is written once. */
export function newId() {
  return crypto.randomUUID();
}

export const desk = {
  session: () => answer("api/session"),
  list: (filter, offset, limit) => answer(`api/list?${query({ filter: JSON.stringify(filter), offset, limit })}`),
  step: (filter, { from, back, open }) =>
    answer(`api/step?${query({ filter: JSON.stringify(filter), from, back, open })}`),
  card: (key, whole) => answer(`api/card?${query({ key, whole })}`),
  decide: (wish) => send("api/decide", wish),
  acceptAll: (batch, keys) => send("api/accept", { batch, keys }),
  undo: (id) => send("api/undo", { id }),
};
