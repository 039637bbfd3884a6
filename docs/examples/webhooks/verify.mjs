// Check the signature of a message. Node's standard library only.

import { createHmac, timingSafeEqual } from "node:crypto";

// `body` is a Buffer, byte for byte as it came; header names are in lower case.
export function isOurs(headers, body, secret) {
  const message = headers["webhook-id"];
  const sentAt = headers["webhook-timestamp"];
  if (!/^\d+$/.test(sentAt) || Math.abs(Date.now() / 1000 - Number(sentAt)) > 300) {
    return false; // older than five minutes: somebody repeats it
  }
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = Buffer.concat([Buffer.from(`${message}.${sentAt}.`), body]);
  const right = Buffer.from("v1," + createHmac("sha256", key).update(signed).digest("base64"));
  // While a secret is being changed there are two signatures, a space between.
  return headers["webhook-signature"].split(" ").some((one) => {
    const given = Buffer.from(one);
    return given.length === right.length && timingSafeEqual(given, right);
  });
}
