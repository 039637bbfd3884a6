<?php
// Check the signature of a message. No library.

// $body is the raw body: file_get_contents('php://input'); header names are in lower case.
function is_ours(array $headers, string $body, string $secret): bool
{
    $message = $headers['webhook-id'];
    $sentAt = $headers['webhook-timestamp'];
    if (!ctype_digit($sentAt) || abs(time() - (int) $sentAt) > 300) {
        return false; // older than five minutes: somebody repeats it
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
    $digest = hash_hmac('sha256', "$message.$sentAt.$body", $key, true);
    $right = 'v1,' . base64_encode($digest);
    // While a secret is being changed there are two signatures, a space between.
    foreach (explode(' ', $headers['webhook-signature']) as $given) {
        if (hash_equals($right, $given)) {
            return true;
        }
    }
    return false;
}
