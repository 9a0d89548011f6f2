/** The workbench: what every company's mail is about: contracts, money, people, rooms, computers. Invented matters, each with its own words. */
import type { Storyline } from './storyline.ts';

export const OFFICE: Storyline[] = [
  {
    slug: 'supply-contract', lang: 'en', with: 'law',
    subjects: ['Framework supply agreement with $company: markup v$n', 'Liability cap and governing law', 'NDA for the visit on $date'],
    open: ['Please find our markup of the framework agreement; the main point is the liability cap.', 'The other side rejected clause $n and proposes arbitration in Geneva.'],
    say: [
      'We suggest capping liability at $sum, with a carve-out for gross negligence.', 'The indemnity in clause 9 is uncapped and should be mutual.',
      'Retention of title must survive resale to an affiliate.', "Their lawyers insist on a change-of-control right with $n days' notice.",
      'The non-solicitation covenant is {void|hard to enforce} in France.', 'Exhibit C still names the former managing director.',
      'Interest on late payment follows the statutory rate plus nine points.',
    ],
    reply: [
      'I can live with arbitration if the seat is Hamburg or Lyon.', 'Please keep the carve-out, and give way on the notice period.',
      'Signed pages will follow by courier on $date.',
    ],
    ask: ['May we send the clean version to the counterparty?', 'Do you have authority to sign above $sum?', 'Could we settle the open points in a call at $time?'],
  },
  {
    slug: 'patent-opposition', lang: 'en', with: 'law',
    subjects: ['Opposition EP 3 $big: deadline $date', 'Trade mark search, classes 7 and 42', 'Prior art we found'],
    open: ['The opposition period ends on $date, so we need instructions this week.', 'Our search found $n earlier marks, two of them close.'],
    say: [
      'Document D$n from Japan discloses the spring but not the latch.', 'Claim 1 lacks novelty over your own brochure of the previous year.',
      'A fallback claim limited to the bistable element looks defensible.', 'Official fees are $sum, our estimate for the hearing is $amount.',
      'The owner of the earlier mark is in liquidation.', 'A declaration by the inventor with dated sketches would help.',
    ],
    reply: ['Please file with the fallback claim.', 'I found the sketches in the archive, dated and signed.', 'We would rather buy the earlier mark than fight it.'],
    ask: ['Shall we instruct the Japanese colleagues?', 'Who remembers the fair where it was first shown?', 'Do we also want protection for the logo?'],
  },
  {
    slug: 'jahresabschluss', lang: 'de', with: 'accountant',
    subjects: ['Jahresabschluss: offene Unterlagen', 'Umsatzsteuer-Voranmeldung $kw', 'Rückstellung für Gewährleistung'],
    open: ['für den Jahresabschluss fehlen uns noch $n Belege und die Inventurliste.', 'die Umsatzsteuer-Voranmeldung ergibt eine Zahllast von $amount.'],
    say: [
      'Die Rückstellung für Gewährleistung wurde mit $pct vom Umsatz angesetzt.', 'Beim Vorratsvermögen weicht die Zählung um $sum vom Buchwert ab.',
      'Reisekostenbelege aus $city tragen keine Umsatzsteuer-Nummer.', 'Das Anlagenverzeichnis führt noch das verkaufte Messgerät.',
      'Für die Forschungszulage benötigen wir Stundenaufschriebe von $n Personen.', 'Der Bescheid über die Gewerbesteuer-Vorauszahlung ist eingetroffen.',
      'Latente Steuern entstehen aus der Leasingverpflichtung.',
    ],
    reply: [
      'die Inventurliste ist unterwegs, zwei Positionen klären wir noch.', 'bitte fristverlängern Sie bis zum $date.',
      'den Ansatz der Rückstellung haben wir mit $colleague besprochen.',
    ],
    ask: ['Können wir am $date den Entwurf durchgehen?', 'Ist der Beleg über $sum privat veranlasst?', 'Wer unterschreibt die Vollständigkeitserklärung?'],
  },
  {
    slug: 'cloture-comptable', lang: 'fr', with: 'accountant',
    subjects: ['Clôture du trimestre : pièces manquantes', 'TVA intracommunautaire, $city', "Crédit d'impôt recherche"],
    open: ['Il nous manque $n justificatifs pour clôturer le trimestre.', 'La déclaration de TVA fait apparaître un solde de $amount.'],
    say: [
      'La facture $invoice a été comptabilisée deux fois.', 'Le rapprochement bancaire présente un écart de $sum.', 'Les notes de frais de $person dépassent le barème.',
      "Le dossier de crédit d'impôt demande les fiches de temps.", "L'amortissement du four à recuire passe sur $n ans.", 'Un avoir du fournisseur reste à saisir.',
    ],
    reply: ['Les justificatifs sont dans le dossier partagé.', "L'avoir correspond à la livraison refusée.", "Nous validons l'écriture proposée."],
    ask: ['Peut-on clore le $date ?', 'Faut-il provisionner ce litige ?', 'Qui signe le mandat de prélèvement ?'],
  },
  {
    slug: 'credit-line', lang: 'en', with: 'bank',
    subjects: ['Working capital facility: renewal', 'Covenant report, third quarter', 'Guarantee $order for the advance payment'],
    open: ['Your facility of $amount expires on $date and the committee asks for fresh figures.', 'The advance payment guarantee $order is ready for signature.'],
    say: [
      'Equity ratio stands at $pct, the covenant asks for 25.', 'The margin would be Euribor plus $n basis points.',
      'We need the order backlog by customer and the ageing list.', 'The beneficiary wants a guarantee on first demand.',
      'Hedging the dollar purchases would cost about $sum.', 'A second signatory is missing on the specimen card.',
    ],
    reply: ['Figures are attached, the backlog is higher than last year.', 'We prefer the shorter term and a lower fee.', '$colleague will come by to sign on $date.'],
    ask: ['Does the committee meet before $date?', 'Is a partial drawdown possible?', 'Which collateral do you expect?'],
  },
  {
    slug: 'office-move', lang: 'de', with: 'landlord',
    subjects: ['Nebenkostenabrechnung und Heizungsausfall', 'Mietvertrag Halle 2: Nachtrag', 'Parkplätze ab $kw'],
    open: ['seit dem $past ist die Heizung im zweiten Stock ausgefallen.', 'anbei der Nachtrag zum Mietvertrag für die Halle 2 mit $big Quadratmetern.'],
    say: [
      'Die Nebenkosten stiegen um $pct, vor allem durch Fernwärme.', 'Das Rolltor klemmt, und der Hausmeister hat kein Ersatzteil.',
      'Für die Ladesäulen braucht der Versorger einen neuen Anschluss.', 'Die Kaution erhöht sich auf $sum.',
      'Im Keller steht Wasser, vermutlich drückt das Grundwasser.', 'Der Brandschutzbeauftragte bemängelt die zugestellten Fluchtwege.',
    ],
    reply: [
      'der Installateur kommt am $date zwischen 8 und 12 Uhr.', 'wir mindern die Miete bis zur Reparatur um $pct.',
      'den Nachtrag unterschreiben wir mit der Option auf fünf Jahre.',
    ],
    ask: ['Wann ist die Heizung wieder in Betrieb?', 'Dürfen wir auf dem Dach Photovoltaik aufstellen?', 'Wer trägt die Kosten?'],
  },
  {
    slug: 'hiring-controls', lang: 'en', with: 'agency',
    subjects: ['Shortlist: controls engineer', 'Interview feedback, candidate $n', 'Offer and relocation to $city'],
    open: ['Here are $n profiles for the controls engineer, the second one stands out.', 'The panel met the candidate on $past and is split.'],
    say: [
      'She built a motion planner for orchard harvesters and speaks Portuguese.', 'His notice period is three months to the end of a quarter.',
      'Salary expectation is $sum a year plus a bicycle.', 'The take-home exercise was elegant, though the tests were thin.',
      'He asked good questions about on-call duty.', 'Relocation from $city includes two cats and a cello.', 'The agency fee is $pct of the first annual salary.',
    ],
    reply: [
      'Let us invite the second profile for a day in the workshop.', 'I would make the offer and drop the exercise next time.',
      'References were warm, especially the one from the harbour project.',
    ],
    ask: ['Can you free ninety minutes on $date?', 'Do we sponsor the visa?', 'Who shows her the workshop?'],
  },
  {
    slug: 'onboarding', lang: 'en', with: 'home',
    subjects: ['First week of our new colleague', 'Laptop, badge, keys for $date', 'Buddy wanted'],
    open: ['A new colleague starts on $date and needs a desk near the window team.', 'The onboarding list is two pages too long, here is a shorter one.'],
    say: [
      'The badge printer wants a new ribbon.', 'Please plan a tour of the warehouse and one lunch per team.', 'Laptop number $n is still with the repair shop.',
      'The fire-warden course has $n free seats.', 'Let them shadow a customer call before the second week.', 'The welcome letter still mentions the old canteen.',
    ],
    reply: ['I will be the buddy, and I bring cake.', 'Keys are in the safe, envelope $n.', 'Accounts are created, except for the CRM.'],
    ask: ['Who orders the chair?', 'Can we borrow a monitor until $date?', 'Is there a mentor for the German course?'],
  },
  {
    slug: 'it-outage', lang: 'en', with: 'home',
    subjects: ['File server slow since $past', 'VPN certificates expire on $date', 'Post-mortem $ticket'],
    open: ['The file server has been crawling since the snapshot job moved to noon.', 'Here is the post-mortem of $ticket, without blame and with three actions.'],
    say: [
      'A runaway indexer filled the log volume in $n minutes.', 'Certificates of $n laptops run out on $date; renewing takes a restart.',
      'DNS answered from the old resolver in the warehouse switch.', 'Restoring the deleted share from the Tuesday tape took until $time.',
      'We were paged late, as the alert went to a person on leave.', 'The UPS battery reports $pct health.',
      'Multi-factor prompts stopped after the time server drifted.',
    ],
    reply: ['I moved the job back to the night and latency is normal.', 'Action two is done: alerts now go to the rota.', 'The tape drive needs cleaning, I ordered a cartridge.'],
    ask: ['May I reboot the hypervisor at $time?', 'Who still needs the old share?', 'Can someone test from the home office?'],
  },
  {
    slug: 'weiterbildung', lang: 'de', with: 'home',
    subjects: ['Schulung Arbeitssicherheit am $date', 'Betriebsausflug: Abstimmung', 'Urlaubsplanung und Brückentage'],
    open: ['die jährliche Unterweisung findet am $date im Raum $room statt.', 'für den Betriebsausflug stehen Kanufahrt und Brauereiführung zur Wahl.'],
    say: [
      'Ersthelfer werden in der Werkstatt noch $n gesucht.', 'Wer über Ostern Bereitschaft übernimmt, bekommt zwei freie Tage.',
      'Gehörschutz mit Gussform kann bei $colleague bestellt werden.', 'Die Kantine bleibt wegen Umbaus bis $date geschlossen.',
      'Der Staplerschein muss alle $n Monate aufgefrischt werden.', 'Das Sommerfest kostet pro Kopf $sum, Familien sind willkommen.',
    ],
    reply: ['ich bin für die Kanus, aber bitte mit Schwimmwesten.', 'zum Termin bin ich in $city, gibt es einen Ersatz?', 'die Liste hängt jetzt auch am Schwarzen Brett.'],
    ask: ['Wer fährt mit dem Bus?', 'Können wir die Schulung aufzeichnen?', 'Bitte bis $date eintragen.'],
  },
  {
    slug: 'travel-plans', lang: 'en', with: 'home',
    subjects: ['Trip to $city: trains and rooms', 'Visa letter for $colleague', 'Expense report returned'],
    open: ['I booked the sleeper to $city, leaving at $time on $date.', 'Finance returned the expense report because the taxi receipt is a photo of a photo.'],
    say: [
      'The hotel by the harbour has a noisy bar, the other one is uphill.', 'Per diem is $sum abroad, breakfast deducted.',
      'The strike may hit the airport, so keep the rail ticket flexible.', 'Our host offers a lift from the station.',
      'The invitation letter needs a stamp and the passport number.', 'Carbon footprint is $n kg by rail and ten times that by air.',
    ],
    reply: ['Rail is fine, I will work in the quiet coach.', 'I re-scanned the receipt and added the guest list.', 'The consulate moved my slot to $date.'],
    ask: ['Shall I extend by one night?', 'Who brings the demo case?', 'Is the workshop suit-and-tie?'],
  },
  {
    slug: 'insurance-claim', lang: 'en', with: 'bank',
    subjects: ['Water damage claim $ticket', 'Machinery insurance: sums insured', 'Cyber policy questionnaire'],
    open: ['The adjuster visited on $past and values the damage at $amount.', 'The questionnaire for the cyber policy has $n questions, half about back-ups.'],
    say: [
      'The sprinkler head burst above the paint store at night.', 'Deductible is $sum for each event.', 'Sums insured are below replacement value by $pct.',
      'The policy excludes goods in transit beyond the Schengen area.', 'Drying will take $n days with dehumidifiers.', 'Premium falls if we show a tested restore.',
    ],
    reply: ["The photos and the plumber's report are attached.", 'Please raise the sum for the machine hall.', 'Restore was tested on $past, minutes are attached.'],
    ask: ['When will the advance be paid?', 'Is business interruption included?', 'Do we need a second quote for the floor?'],
  },
  {
    slug: 'budget-reforecast', lang: 'en', with: 'home',
    subjects: ['Reforecast after $kw', 'Hiring freeze: exceptions', 'Pricing of service contracts'],
    open: ['The reforecast shows revenue $pct behind plan while the backlog grows.', 'Service contracts lose money below $n sites; here is a proposal.'],
    say: [
      'Gross margin suffers from air freight and overtime.', 'Two milestones of $sum slip into the next quarter.',
      'A price rise of $pct would be noticed by three customers at most.', 'Travel is at half of plan, tooling is well above.',
      '$colleague models a tiered contract with remote support first.', 'Cash is fine until spring, even in the gloomy case.',
    ],
    reply: ['I would rather delay the milling centre than the two hires.', 'Tiered contracts, yes, but keep the old ones untouched.', 'The gloomy case is not gloomy enough.'],
    ask: ['Can each team send numbers by $date?', 'Which exceptions to the freeze do you propose?', 'Do we tell the bank now?'],
  },
  {
    slug: 'gdpr-request', lang: 'en', with: 'law',
    subjects: ['Subject access request from a former applicant', 'Processor agreement with $company', 'Retention schedule: what may go'],
    open: ['A former applicant asks for a copy of everything we hold, the month ends on $date.', 'The processor agreement lacks the list of sub-processors.'],
    say: [
      'Interview notes count as personal data, drafts included.', 'Video of the entrance is deleted after $n hours, as the sign says.',
      'Redact third parties before the bundle goes out.', 'Back-ups may keep the data if restores are filtered.',
      'The supervisory authority fined a similar case with $sum.', 'Legitimate interest needs a written balancing test.',
    ],
    reply: [
      'HR found $n documents, I am redacting them now.', 'The sub-processor list is attached, three are outside the EU.',
      'We answer on $date and keep the proof of delivery.',
    ],
    ask: ['May we ask for identification?', 'How long do we keep rejected applications?', 'Who records the request in the register?'],
  },
];
