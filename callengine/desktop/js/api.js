/** The few plain HTTP calls of the page. */

export class ApiError extends Error {
  constructor(status, { code = "offline", message = "", field = null } = {}, waitS = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
    this.waitS = waitS;
  }
}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
      credentials: "same-origin",
      signal: AbortSignal.timeout(10_000),
    });
  } catch {
    throw new ApiError(0);
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const waitS = Number(response.headers.get("Retry-After")) || 0;
  throw new ApiError(response.status, answer.error, waitS);
}

export const whoAmI = () => call("GET", "/api/v1/session");
export const logIn = (login, password) =>
  call("POST", "/api/v1/login", { login, password });
export const logOut = () => call("POST", "/api/v1/logout");
