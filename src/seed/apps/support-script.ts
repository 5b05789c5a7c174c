/** What customers of an outdoor shop ask, and what its bot answers. `{places}` are filled in per session. */
export interface Topic {
  readonly name: string;
  readonly language: 'en' | 'de' | 'ja' | 'es';
  readonly weight: number;
  /** Tool that the answer needs, with the names of the values that it is called with. */
  readonly tool?: { readonly name: string; readonly takes: readonly string[]; readonly gives: readonly string[] };
  /** Handbook chapter that the answer needs. */
  readonly chapter?: string;
  readonly questions: readonly string[];
  readonly answers: readonly string[];
}

const ORDER_TOOL = { name: 'find_order', takes: ['order'], gives: ['order', 'status', 'carrier', 'arrival', 'total'] };

export const TOPICS: readonly Topic[] = [
  {
    name: 'order-status',
    language: 'en',
    weight: 9,
    tool: ORDER_TOOL,
    questions: [
      'Where is my order {order}? It was supposed to be here two days ago.',
      'Hi, can you tell me when {order} will arrive? I need the {product} before the weekend.',
      'Tracking for {order} has said "in transit" since Monday. Is it lost?',
    ],
    answers: [
      'I found order {order}: {carrier} has your {product}, and it is in {city} at the moment. The new delivery date is {arrival}. I am sorry about the delay; a storm closed the sorting centre for a day.',
      'Good news: {order} left our warehouse and {carrier} plans to deliver it on {arrival}. You will get a text message an hour before the van arrives in {city}.',
    ],
  },
  {
    name: 'return',
    language: 'en',
    weight: 6,
    chapter: 'returns',
    tool: { name: 'create_return', takes: ['order', 'product'], gives: ['label', 'order', 'refund'] },
    questions: [
      'The {product} is too small. How do I send it back and get the next size?',
      'I changed my mind about the {product} from order {order}. Can I still return it?',
    ],
    answers: [
      'You can return the {product} within 60 days. I have created label {label} and sent it to your e-mail address; drop the parcel at any {carrier} shop. The refund of {refund} EUR reaches you about five working days after it arrives.',
      'Of course. Unused gear can come back for 60 days, and you are on day 12. Label {label} is in your inbox. Shall I reserve the other size for you meanwhile?',
    ],
  },
  {
    name: 'refund',
    language: 'en',
    weight: 4,
    tool: { name: 'find_refund', takes: ['order'], gives: ['order', 'refund', 'status', 'arrival'] },
    questions: [
      'I sent the {product} back last week and have not seen the money yet.',
      'Your mail said {refund} EUR for {order}, but nothing is on my account.',
    ],
    answers: [
      'The parcel of {order} was checked in yesterday, and {refund} EUR are on their way to the card you paid with. Banks usually show it by {arrival}.',
      'I checked: the refund of {refund} EUR was released this morning. It should be on your account by {arrival}. If it is not, write again and I will ask accounting for the transfer number.',
    ],
  },
  {
    name: 'defect',
    language: 'en',
    weight: 3,
    chapter: 'warranty',
    questions: [
      'The zip of my {product} broke on the second trip. This cannot be normal for that price.',
      'My {product} leaks at the seams after one season, what does the warranty say?',
    ],
    answers: [
      'That should not happen. The {product} has a five-year warranty that covers zips and seams (handbook, "What the warranty covers"). Please send a photo of the damage and of the label inside; our workshop in {city} repairs it within ten days, free of charge, or we replace it.',
    ],
  },
  {
    name: 'advice',
    language: 'en',
    weight: 4,
    chapter: 'choosing-gear',
    tool: { name: 'search_catalog', takes: ['product', 'city'], gives: ['product', 'stock', 'total'] },
    questions: [
      'I am going hut to hut in the Dolomites in September. Is the {product} warm enough?',
      'What would you take for a week of rain in Scotland: the {product} or something lighter?',
    ],
    answers: [
      'For huts in September you will see anything from 20 degrees to a night of frost. The {product} is fine down to about zero with a thin layer below it. We have {stock} of them in {city}, at {total} EUR.',
      'For a week of steady rain I would take the {product}: three layers, and the hood fits over a helmet. Lighter jackets wet through at the shoulders under a pack. {stock} are in stock at {total} EUR.',
    ],
  },
  {
    name: 'lieferung',
    language: 'de',
    weight: 3,
    tool: ORDER_TOOL,
    questions: [
      'Guten Tag, wo bleibt meine Bestellung {order}? Ich brauche den Artikel ({product}) bis Freitag.',
      'Die Sendung {order} hängt seit Tagen in {city} fest. Können Sie bitte nachsehen?',
    ],
    answers: [
      'Ich habe nachgesehen: {order} ist bei {carrier} und kommt voraussichtlich am {arrival} an. Für die Verspätung bitte ich um Entschuldigung. Sie erhalten eine Nachricht, sobald der Wagen bei Ihnen in der Nähe ist.',
    ],
  },
  {
    name: 'henpin',
    language: 'ja',
    weight: 2,
    chapter: 'returns',
    questions: ['注文{order}の{product}のサイズが合いませんでした。返品はできますか。'],
    answers: [
      'はい、未使用の商品は60日以内であれば返品いただけます。返品用ラベルをメールでお送りしました。商品が倉庫に届いてから5営業日ほどで{refund}ユーロを返金いたします。',
    ],
  },
  {
    name: 'devolucion',
    language: 'es',
    weight: 2,
    chapter: 'returns',
    questions: ['Hola, el {product} del pedido {order} llegó con una costura abierta. ¿Qué hago?'],
    answers: [
      'Siento mucho lo ocurrido. Le he enviado la etiqueta {label} por correo; déjelo en cualquier tienda de {carrier} y le mandamos uno nuevo a {city} antes del {arrival}. No tiene que pagar nada.',
    ],
  },
];

export const FOLLOW_UPS: readonly (readonly [question: string, answer: string])[] = [
  [
    'Can it be left with a neighbour?',
    'Yes. I have noted "leave with a neighbour" for {carrier}; the driver puts a card into your letterbox that says where it is.',
  ],
  [
    'And if I am not at home on {arrival}?',
    'Then {carrier} tries again on the next working day and after that keeps the parcel for a week at the shop nearest to you in {city}.',
  ],
  [
    'Could you send me the invoice as well?',
    'The invoice of {order} over {total} EUR is on its way to the address of your account. It is also in your account under "Orders".',
  ],
  [
    'Do I still get the spring discount on the next order?',
    'Yes, SPRING15 is valid until the end of the month and takes 15 % off everything that is not reduced already.',
  ],
  ['Thanks, that was quick!', 'You are welcome, and have a good trip!'],
  [
    'That did not answer my question. Can I talk to a person?',
    'Of course. I have passed our conversation on; a colleague writes to you within two hours. You need not explain everything again.',
  ],
];

export const PRODUCTS = [
  'Storm Shell jacket',
  'Fjell 45 backpack',
  'Tarn two-person tent',
  'Kestrel down vest',
  'Ridge trail shoes',
  'Aurora sleeping bag',
  'Basalt stove',
  'Gale trekking poles',
];
export const CITIES = ['Hamburg', 'Lyon', 'Innsbruck', 'Bergen', 'Turin', 'Bilbao', 'Ghent', 'Denver'];
export const CARRIERS = ['DHL', 'GLS', 'UPS', 'PostNord'];

export const SYSTEM_PROMPT =
  'You are the support assistant of Fjellhus, a shop for outdoor gear. Answer in the language of the customer, in two to four sentences, friendly and without marketing. ' +
  'Use tools for everything about orders, returns and stock; never invent dates, prices or label numbers. Quote the handbook by chapter where it decides a question. ' +
  'Never ask for card numbers or passwords. If the customer is angry or asks for a person, hand over to a colleague.';

/** What the retriever finds by chapter. */
export const HANDBOOK: Readonly<Record<string, readonly string[]>> = {
  returns: [
    'Returns. Goods that were not used outdoors may be returned within 60 days of delivery. The label is free within the EU; from elsewhere the customer pays the postage.',
    'Refunds go to the means of payment that was used, within five working days of the arrival of the parcel. Gift cards are refunded as gift cards.',
    'Exchanges are a return and a new order. The new size is reserved for seven days when the customer asks for it.',
  ],
  warranty: [
    'What the warranty covers. Five years on material and making: zips, seams, membranes, buckles, poles. Not covered: burns, falls, wear of soles.',
    'Repairs are done in our own workshops and take up to ten days. If a repair is not possible, the customer gets the same or a better product.',
  ],
  'choosing-gear': [
    'Comfort temperatures of sleeping bags follow ISO 23537. People who freeze easily should add five degrees.',
    'Three-layer shells last longer under a pack than two-and-a-half-layer shells and weigh 80 to 150 grams more.',
    'Down loses its loft when wet. For long rain synthetic filling is the safer choice.',
  ],
};
