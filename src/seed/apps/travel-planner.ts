import { type App, day, deploymentAt, fill, pickEnvironment, pickUser, type SessionStart } from '../app.js';
import { mark, TraceDraft } from '../draft.js';
import { type Model, MODELS } from '../models.js';
import { type Random } from '../random.js';
import { type TraceRecord } from '../record.js';
import { DAY_MS } from '../rhythm.js';

const NAME = 'travel-planner';

interface Destination {
  readonly city: string;
  readonly airport: string;
  readonly hotels: readonly string[];
  readonly sights: readonly string[];
  readonly food: string;
}

const DESTINATIONS: readonly Destination[] = [
  {
    city: 'Lisbon',
    airport: 'LIS',
    hotels: ['Casa do Largo', 'Hotel Mirante'],
    sights: ['the Gulbenkian museum', 'a tram to Graça', 'the tile museum'],
    food: 'grilled sardines in Alfama',
  },
  {
    city: 'Kyoto',
    airport: 'KIX',
    hotels: ['Ryokan Shirakawa', 'Hotel Oike'],
    sights: ['Fushimi Inari at sunrise', 'the Philosopher’s Path', 'Nijō Castle'],
    food: 'yudōfu near Nanzen-ji',
  },
  {
    city: 'Edinburgh',
    airport: 'EDI',
    hotels: ['The Calton', 'Leith Guest House'],
    sights: ['Arthur’s Seat', 'the Royal Mile', 'the botanic garden'],
    food: 'cullen skink in Leith',
  },
  {
    city: 'Oaxaca',
    airport: 'OAX',
    hotels: ['Posada del Cacao', 'Casa Etla'],
    sights: ['Monte Albán', 'the Tlacolula market', 'Hierve el Agua'],
    food: 'mole negro at the market',
  },
  {
    city: 'Tallinn',
    airport: 'TLL',
    hotels: ['Old Town Loft', 'Hotel Kalamaja'],
    sights: ['the seaplane harbour', 'Kadriorg park', 'the town wall'],
    food: 'black bread and smoked fish',
  },
];
const HOMES = ['HAM', 'AMS', 'BCN', 'BOS', 'ZRH'];
const REQUESTS = [
  'Plan {nights} days in {city} for two from {from}, leaving around {date}. We like museums and good food, budget {budget} EUR.',
  'We want to see {city} with a six-year-old, {nights} days from {date}, starting at {from}. Not too much walking, up to {budget} EUR.',
  'A long weekend in {city} from {date}: flights from {from}, a quiet hotel, one nice dinner. {budget} EUR is fine.',
];
const CHANGES = [
  'Can we leave a day later?',
  'The hotel is too dear, find one below 140 EUR a night.',
  'Please add a rainy-day plan for the second day.',
];

/** A planner that hands parts of the trip to three agents at once. */
export const travelPlanner: App = {
  name: NAME,
  door: 'otlp',
  sessionsPerHour: 4.5,
  playSession(start) {
    const { random } = start;
    const trip = new Trip(start);
    const traces = [trip.plan(0, start.startMs, trip.request)];
    if (random.chance(0.55)) {
      traces.push(trip.plan(1, traces[0]!.endMs + Math.round(random.around(70_000, 0.6)), random.pick(CHANGES)));
    }
    return traces;
  },
};

class Trip {
  readonly request: string;
  private readonly sessionId: string;
  private readonly userId: string;
  private readonly environment: string;
  private readonly destination: Destination;
  private readonly values: Readonly<Record<string, string | number>>;
  private readonly model: Model;

  constructor(private readonly start: SessionStart) {
    const { random } = start;
    this.sessionId = `trip-${random.hexId(16).slice(0, 12)}`;
    this.userId = pickUser(random);
    this.environment = pickEnvironment(random);
    this.destination = random.pick(DESTINATIONS);
    this.model = random.weighted([
      [MODELS.geminiPro, 3],
      [MODELS.sonnet, 2],
      [MODELS.gpt4o, 1],
    ]);
    this.values = {
      city: this.destination.city,
      from: random.pick(HOMES),
      nights: random.integer(3, 8),
      date: day(start.startMs + random.integer(14, 90) * DAY_MS),
      budget: random.integer(9, 40) * 100,
    };
    this.request = fill(random.pick(REQUESTS), this.values);
  }

  plan(turn: number, atMs: number, request: string): TraceRecord {
    const { start, environment, sessionId, userId, destination } = this;
    const random = start.random.fork('turn', turn);
    const id = random.hexId(32);
    const deployment = deploymentAt(start.world, NAME, environment, atMs);
    const draft = new TraceDraft(random, start.world.rhythm, atMs, true);
    const tags = ['planning', destination.city.toLowerCase()];
    const output = draft.within(
      { type: 'AGENT', name: 'invoke_agent planner', input: request, stepType: 'planner' },
      (agent) => {
        this.ask(
          draft,
          'split-request',
          this.model,
          request,
          'flights, hotels and activities can be looked up at the same time',
        );
        let isComplete = true;
        draft.parallel([
          () => (isComplete = this.findFlights(draft, random) && isComplete),
          () => this.findHotels(draft, random),
          () => this.findActivities(draft, random),
        ]);
        if (!isComplete) {
          mark(agent, 'WARNING', 'no flights: the search did not answer');
          tags.push('degraded');
        }
        const itinerary = this.itinerary(isComplete);
        this.ask(draft, 'write-itinerary', this.model, request, itinerary, true);
        draft.step(
          { type: 'GUARDRAIL', name: 'check-budget', input: { budget_eur: this.values['budget'] } },
          random.around(4, 0.3),
          { verdict: 'pass' },
        );
        return itinerary;
      },
    );
    return draft.finish({
      id,
      name: 'trip.plan',
      sessionId,
      userId,
      environment,
      release: deployment.release,
      version: deployment.version,
      tags,
      metadata: { turn_id: `${sessionId}-${turn + 1}`, run_id: `run-${id.slice(0, 8)}`, destination: destination.city },
      input: request,
      output,
    });
  }

  private ask(
    draft: TraceDraft,
    name: string,
    model: Model,
    request: string,
    answer: string,
    isStreamed = false,
  ): void {
    draft.call({
      name,
      model,
      fallback: MODELS.geminiFlash,
      messages: [
        {
          role: 'system',
          content:
            'You plan trips. Use only flights, hotels and opening hours that the tools returned. Prices in EUR, times local.',
        },
        { role: 'user', content: request },
      ],
      answer,
      prompt: { name: `travel-${name}`, version: 7 },
      temperature: 0.7,
      isStreamed,
      overheadTokens: 2300,
    });
  }

  private findFlights(draft: TraceDraft, random: Random): boolean {
    const { from, date } = this.values;
    const input = { from: from!, to: this.destination.airport, date: date! };
    const flights = Array.from({ length: 3 }, (_, i) => ({
      flight: `${random.pick(['LH', 'KL', 'IB', 'BA'])}${random.integer(200, 1999)}`,
      departs: `${date}T${String(6 + i * 4).padStart(2, '0')}:${random.pick(['05', '25', '40'])}`,
      price_eur: random.integer(90, 640),
    }));
    let works = true;
    draft.within({ type: 'AGENT', name: 'invoke_agent flights', input, stepType: 'handoff' }, () => {
      const failure = random.chance(0.05) ? 'flight search: connection reset by peer' : undefined;
      works = draft.tool(
        { name: 'search_flights', input, output: flights, durationMs: random.around(1900, 0.5), failure },
        random.chance(0.4),
      );
      this.ask(
        draft,
        'choose-flight',
        MODELS.geminiFlash,
        JSON.stringify(flights),
        works
          ? `${flights[0]!.flight} is direct and leaves late enough for the train.`
          : 'There are no flights to choose from.',
      );
      return works ? flights[0] : null;
    });
    return works;
  }

  private findHotels(draft: TraceDraft, random: Random): void {
    const input = { city: this.destination.city, nights: this.values['nights']! };
    const hotels = this.destination.hotels.map((name) => ({
      name,
      rating: Math.round(random.between(7.6, 9.4) * 10) / 10,
      per_night_eur: random.integer(85, 240),
    }));
    draft.within({ type: 'AGENT', name: 'invoke_agent hotels', input, stepType: 'handoff' }, () => {
      draft.tool({ name: 'search_hotels', input, output: hotels, durationMs: random.around(1200, 0.4) });
      this.ask(
        draft,
        'choose-hotel',
        MODELS.geminiFlash,
        JSON.stringify(hotels),
        `${hotels[0]!.name}: quiet, and the breakfast is included.`,
      );
      return hotels[0];
    });
  }

  private findActivities(draft: TraceDraft, random: Random): void {
    const query = `things to do in ${this.destination.city}`;
    draft.within({ type: 'AGENT', name: 'invoke_agent activities', input: query, stepType: 'handoff' }, () => {
      draft.embed(MODELS.embedding, [query]);
      const found = this.destination.sights.map((text, i) => ({
        id: `guide/${this.destination.airport}#${i}`,
        score: Math.round((0.9 - i * 0.06) * 1000) / 1000,
        text,
      }));
      draft.step(
        { type: 'RETRIEVER', name: 'search-guide', input: { query, top_k: 3 } },
        random.around(40, 0.4),
        found,
      );
      draft.tool({
        name: 'get_weather',
        input: { city: this.destination.city, date: this.values['date']! },
        output: { high_celsius: random.integer(9, 29), rain_chance: Math.round(random.next() * 100) / 100 },
        durationMs: random.around(260, 0.5),
      });
      return found.map(({ text }) => text);
    });
  }

  private itinerary(hasFlights: boolean): string {
    const { city, hotels, sights, food } = this.destination;
    const { from, date, nights, budget } = this.values;
    const flight = hasFlights
      ? `Day 1 (${date}): a direct flight from ${from}, then settle in at ${hotels[0]}.`
      : `I could not reach the flight search, so please book the flight from ${from} on ${date} yourselves.`;
    return `${flight} Day 2: ${sights[0]} in the morning, ${food} in the evening. Day 3: ${sights[1]}. Day 4: ${sights[2]}, and time to wander. ${nights} days in ${city} come to about ${Math.round(Number(budget) * 0.9)} EUR for two, everything included.`;
  }
}
