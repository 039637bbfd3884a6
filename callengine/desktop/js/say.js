/**
 * The line to open the conversation with: in the language of the customer, whatever
 * language the agent's page has.
 */

const LINES = {
  ru: {
    inbound: "Интернет-магазин «{shop}», здравствуйте! Чем могу помочь?",
    outbound: "Здравствуйте{name}! Это интернет-магазин «{shop}», звоню по вашему заказу {order}.",
  },
  uk: {
    inbound: "Інтернет-магазин «{shop}», добрий день! Чим можу допомогти?",
    outbound: "Добрий день{name}! Це інтернет-магазин «{shop}», телефоную щодо вашого замовлення {order}.",
  },
  en: {
    inbound: "{shop}, good day! How may I help you?",
    outbound: "Good day{name}! This is {shop}, I am calling about your order {order}.",
  },
};

/** The shop's language, as its recorded greeting or its number tells; null when neither. */
function shopLanguage(card) {
  const recorded = /-(ru|uk|en)$/.exec(card.greeting ?? "");
  if (recorded) return recorded[1];
  if (card.dialled_number?.startsWith("+380")) return "uk";
  return card.dialled_number?.startsWith("+7") ? "ru" : null;
}

/** The line of a card; `fallback` is the language when no customer tells one. */
export function lineToSay(card, fallback) {
  if (card.greeting && !/^(sound|tone|recording|https?):/.test(card.greeting)) {
    return { text: card.greeting, language: fallback };
  }
  const customer = card.customers.length === 1 ? card.customers[0] : null;
  const languages = new Set(card.customers.map((one) => one.language));
  const spoken = languages.size === 1 ? [...languages][0] : shopLanguage(card) ?? fallback;
  const language = spoken in LINES ? spoken : "en";
  const order = card.orders.find((one) => one.order === card.order);
  const direction = card.direction === "outbound" && order ? "outbound" : "inbound";
  const values = {
    shop: card.shop_name,
    name: customer?.name ? `, ${customer.name}` : "",
    order: order ? order.number : "",
  };
  const text = LINES[language][direction].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  return { text, language };
}
