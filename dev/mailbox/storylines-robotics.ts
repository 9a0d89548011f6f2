/** The workbench: what a robotics company's mail is about. Invented matters, each with its own words. */
import type { Storyline } from './storyline.ts';

export const ROBOTICS: Storyline[] = [
  {
    slug: 'gripper-recall', lang: 'en', with: 'customer',
    subjects: ['Slipping cartons on $product, line $n', 'Gripper recall: serial numbers at $city', 'Vacuum loss on $product after wash-down'],
    open: [
      'Since the wash-down on $past the $product {drops|loses} about $pct of the cartons on line $n.',
      'Our shift lead reported that the suction {collapses|fades} whenever the film is wet.',
    ],
    say: [
      'We swapped the $part and the leak rate {fell|only improved} to $n mbar per minute.',
      'The batch code on the silicone cups reads $order, which your recall notice lists.',
      'Cartons with recycled liner are worse; the glossy ones {hold|stay put} at full acceleration.',
      'I measured $n kPa at the ejector, the data sheet promises far more.', 'The night shift now runs at $pct reduced speed, which costs us $big cases a week.',
      'Food-grade lubricant crept into the check valve; photos are in $ticket.', 'A torn lip is visible on $n of the cups from that delivery.',
      'Until the replacement arrives we {tape|shim} the foam ring, which quality does not like at all.',
    ],
    reply: [
      'Please stop using cups from that batch; replacements for $n grippers leave $city on $date.',
      'Our lab could reproduce the leak: the lip hardens when the detergent exceeds pH 11.', 'I opened $ticket for you and put the recall kit on it, free of charge.',
    ],
    ask: ['Can you send a field engineer before $date?', 'Which serial numbers are affected?', 'Do we need to re-run the safety validation after the swap?'],
  },
  {
    slug: 'palletiser-commissioning', lang: 'en', with: 'customer',
    subjects: ['Commissioning plan $product in $city', 'SAT protocol $order', 'Line integration: open points before go-live'],
    open: [
      'Attached is the commissioning plan for the $product in $city, with the cold start on $date.',
      'We finished the dry run yesterday and the palletiser reached $n cycles per minute.',
    ],
    say: [
      'The conveyor PLC still reports layer-complete {too early|twice}; your integrator wants to change the handshake.',
      'Fence and light curtain were accepted, the muting lamp is missing.', 'Please have compressed air at 6 bar and a $n A supply ready at column C4.',
      'Pallet pattern 17 needs slip sheets every third layer.', 'Site acceptance means eight hours without a stop longer than $n minutes.',
      'The PROFINET name of the drive clashes with the shrink wrapper.', 'Operators get two half-day trainings, in groups of at most $n.',
      'Spare parts for the first year are valued at $sum.',
    ],
    reply: [
      'The handshake is fixed in controller version 4.$n; we tested it against the simulator.', 'Our electrician confirmed the supply for $date.',
      'We would rather move the acceptance to $kw, the film supplier is late.',
    ],
    ask: ['Could you sign the protocol by $date?', 'Who will be on site for the electrical check?', 'Is a night slot possible for the emergency stop test?'],
  },
  {
    slug: 'zahnrad-lieferverzug', lang: 'de', with: 'supplier',
    subjects: ['Lieferverzug Getriebestufe, Bestellung $order', 'Liefertermin $part: Verschiebung auf $kw', 'Härteprüfung der letzten Charge'],
    open: [
      'leider verzögert sich die Lieferung von $n Stück $part bis zum $date.',
      'bei der Eingangsprüfung sind uns {Schleifbrand|Härteabweichungen} an $n Zahnrädern aufgefallen.',
    ],
    say: [
      'Die Härterei hat einen Ofen außer Betrieb, deshalb fehlt uns Kapazität bis $kw.', 'Die Einsatzhärtetiefe liegt bei 0,$n mm statt der geforderten 0,8 mm.',
      'Eine Teillieferung von $n Stück könnte per Kurier am $date bei Ihnen sein.',
      'Ohne die Getriebe steht unsere Montage in Halle 3, das kostet uns rund $sum pro Tag.',
      'Wir schlagen eine {Sonderfreigabe|Abweichungserlaubnis} für die ersten $n Teile vor.', 'Der Verzahnungsmesswert fpα überschreitet die Toleranz nach DIN 3962.',
      'Als Ausgleich bieten wir einen Nachlass von $pct auf die Position an.', 'Der Rohling stammt aus der Schmelze $order, das Werkszeugnis 3.1 liegt bei.',
    ],
    reply: [
      'die Sonderfreigabe erteilen wir nur mit Magnetpulverprüfung jedes Teils.', 'bitte bestätigen Sie den neuen Termin verbindlich, sonst greift die Vertragsstrafe.',
      'die Teillieferung nehmen wir, den Rest brauchen wir spätestens am $date.',
    ],
    ask: ['Können Sie den Termin halten?', 'Wann erhalten wir den 8D-Bericht?', 'Übernehmen Sie die Kosten für den Express-Versand?'],
  },
  {
    slug: 'sensor-firmware', lang: 'de', with: 'supplier',
    subjects: ['Firmware 3.$n: Ausreißer in der Tiefenmessung', 'Kompass-Kamera: Kalibrierung driftet', 'Muster der neuen Lichtlaufzeitsensoren'],
    open: ['seit dem Update springt die Tiefenmessung bei {glänzenden|schwarzen} Oberflächen um bis zu $n mm.', 'die Muster sind heute angekommen und laufen schon im Prüfstand.'],
    say: [
      'Bei 45 Grad Umgebungstemperatur driftet die Kalibrierung um $n Pixel.', 'Die Streulichtunterdrückung hilft, kostet aber $n Millisekunden Latenz.',
      'Im Logfile häuft sich der Fehler CRC_MISMATCH auf Kanal $n.', 'Wir haben $big Aufnahmen für Sie auf den Austauschserver gelegt.',
      'Die Optik beschlägt nach dem Klimawechseltest, vermutlich ist der O-Ring zu weich.', 'Mit dem alten Treiber auf dem Jetson-Board tritt der Effekt nicht auf.',
    ],
    reply: [
      'der Fehler ist gefunden: das Integrationsfenster war bei HDR falsch gesetzt.', 'eine korrigierte Version bekommen Sie bis $date, Ticket $ticket.',
      'bitte schalten Sie bis dahin den adaptiven Filter ab.',
    ],
    ask: ['Gibt es eine Beta, die wir am Wochenende testen können?', 'Ist der Sensor nach IP67 zertifiziert?', 'Welche Stückzahl ist ab $kw lieferbar?'],
  },
  {
    slug: 'amr-fleet-traffic', lang: 'en', with: 'customer',
    subjects: ['Drift AMR deadlock at the cold store door', 'Traffic rules for $n vehicles in $city', 'Fleet controller: battery swap schedule'],
    open: [
      'Three Drift vehicles blocked each other in front of the cold store door for $n minutes.',
      'We are adding $n vehicles in $kw and need new traffic rules for the narrow aisle.',
    ],
    say: [
      'The door opens only when the lidar sees a free lane, and the next vehicle already waits in it.',
      'Forklift drivers leave pallets on the magnetic strip near dock $n.', 'The map from the Sunday scan misses the new mezzanine stairs.',
      'Battery level drops to $pct before the charger becomes free.', 'Average mission time went from $n to under ten minutes after you changed the priorities.',
      'Wi-Fi roaming between the two halls takes seconds; the vehicles stop in the meantime.', 'Safety asked for a horn at the blind corner by the freezer.',
    ],
    reply: [
      'I moved the waiting point four metres back and made the aisle one-way.', 'A reservation for the door zone is in version 2.$n of the fleet controller.',
      'Please have the access points moved to channel 44 and 149.',
    ],
    ask: ['Can you replay the log of $past with us?', 'How many vehicles does the lift allow per hour?', 'Is a remote session on $date fine?'],
  },
  {
    slug: 'safety-assessment', lang: 'en', with: 'home',
    subjects: ['Risk assessment $product: force limits', 'CE file: what is still missing', 'Near miss in the test cell on $past'],
    open: ['The notified body wants to see the collision force measurements for the $product again.', 'There was a near miss in the test cell on $past; nobody was hurt.'],
    say: [
      'At $n newtons on the forearm we exceed the biomechanical limit of ISO/TS 15066.', 'Performance level d is reached only if the $part is doubled.',
      'The interlock was bridged with a jumper nobody signed for.', '$colleague will redo the stopping distance with the full payload.',
      'The declaration of conformity still names the old machine directive.', 'Warning labels in Polish and Portuguese are missing for the next shipment.',
      'I would like a second pair of eyes on the hazard log, items $n to 60.',
    ],
    reply: [
      'I measured again with the padded tool, and we are {well below|just under} the limit.', 'The jumper is removed and the key switch is back on the cabinet.',
      'Labels are ordered, delivery on $date.',
    ],
    ask: ['Who can sign for the electrical part?', 'Shall we stop shipments until this is settled?', 'Can we review the hazard log on $date at $time?'],
  },
  {
    slug: 'cobot-demo-fair', lang: 'en', with: 'home',
    subjects: ['Trade fair $city: booth and demo cell', 'Who travels to $city?', 'Leads from the fair, first look'],
    open: ['The booth in $city is confirmed: hall $n, corner site, 60 square metres.', 'We came home with $n leads and a broken monitor.'],
    say: [
      'The demo cell should stack chocolate boxes and hand one to each visitor.', 'Freight for the crate costs $sum if it leaves after $date.',
      'Carpet, rigging and a $n A line are ordered, coffee machine is not.', 'Two visitors from a bakery group asked about hygienic design.',
      'The competitor opposite showed bin picking without any fence.', 'Hotel rooms are scarce; I reserved $n near the tram line.',
      'The badge scanner exported duplicates, $colleague is cleaning the list.',
    ],
    reply: [
      'I can take the early shift on the first two days.', 'Let us bring the small cobot, the big one needs a foundation plate.',
      'Marketing wants a slogan by $date, please send ideas.',
    ],
    ask: ['Can you drive the van?', 'Who follows up with the bakery people?', 'Do we print the brochure in French as well?'],
  },
  {
    slug: 'datenblatt-angebot', lang: 'de', with: 'customer',
    subjects: ['Angebot $order: Palettierzelle für $city', 'Rückfragen zu Ihrem Angebot vom $past', 'Machbarkeit: Entpacken von Käselaiben'],
    open: ['vielen Dank für Ihr Angebot; im Gremium kamen noch einige Fragen auf.', 'anbei unser Angebot über eine Zelle mit $product zum Preis von $amount.'],
    say: [
      'Die Taktzeit von $n Sekunden erreichen wir nur mit Doppelgreifer.', 'Die Käselaibe wiegen bis zu $n Kilogramm und haben eine feuchte Rinde.',
      'Edelstahlausführung und Reinigung mit Schaum sind im Preis enthalten.', 'Zahlungsziel: 30 Prozent bei Bestellung, 60 bei Lieferung, Rest nach Abnahme.',
      'Unsere Instandhaltung wünscht Motoren eines einheitlichen Herstellers.', 'Der Fundamentplan muss bis $date beim Architekten liegen.',
      'Die Option Folienaufreißer kostet zusätzlich $sum.',
    ],
    reply: [
      'die Edelstahlvariante ist bestätigt, der Preis bleibt bis $date gültig.', 'wir haben die Zelle im Modell um $n Zentimeter gedreht, jetzt passt die Rampe.',
      'einen Nachlass von $pct können wir bei zwei Zellen gewähren.',
    ],
    ask: ['Können wir eine Referenzanlage besichtigen?', 'Wie lange ist die Lieferzeit ab Auftrag?', 'Passt Ihnen ein Termin am $date um $time?'],
  },
  {
    slug: 'pharma-validation', lang: 'fr', with: 'customer',
    subjects: ['Qualification QI/QO de la cellule $product', 'Audit trail et signature électronique', 'Écart $ticket pendant la qualification'],
    open: ['Nous préparons la qualification opérationnelle prévue le $date à $city.', "Un écart a été relevé pendant l'essai du $past : $n flacons sans code Datamatrix."],
    say: [
      "L'audit trail doit conserver l'ancien et le nouveau paramètre, avec la raison du changement.", 'La salle est classée ISO 7, les câbles apparents sont interdits.',
      'Le protocole demande trois lots de $big unités sans intervention.', 'La caméra rejette {à tort|sans raison} les bouchons nacrés dans $pct des cas.',
      'Notre assurance qualité exige la matrice de traçabilité complète.', "Le serveur de recettes n'est pas encore synchronisé avec l'horloge du site.",
      'Les gants de la cellule doivent être changés toutes les $n heures.',
    ],
    reply: [
      'La matrice est jointe, version $n, signée par $colleague.', 'Nous avons abaissé le seuil de contraste, les faux rejets ont disparu.',
      'Le correctif sera déployé le $date, hors production.',
    ],
    ask: ["Pouvez-vous confirmer la présence d'un ingénieur sur site ?", "Qui approuve l'écart de votre côté ?", 'Le rapport sera-t-il disponible avant le $date ?'],
  },
  {
    slug: 'casting-porosity', lang: 'fr', with: 'supplier',
    subjects: ['Porosités sur les carters, coulée $order', 'Outillage du bras inférieur : devis', 'Contrôle radiographique des premières pièces'],
    open: ['La radiographie montre des porosités sur $n carters de la dernière coulée.', "Voici notre devis pour l'outillage du bras : $amount hors taxes."],
    say: [
      'Les retassures se trouvent près du bossage, là où le métal refroidit en dernier.', 'Nous proposons un refroidisseur en cuivre et une masselotte plus haute.',
      "L'alliage AS7G06 a été livré avec $pct de fer en trop.", "La cote de l'alésage est hors tolérance de $n centièmes.",
      "L'imprégnation sous vide sauverait une partie du lot pour $sum.", "Le délai de l'outillage est de $n semaines après validation du plan.",
    ],
    reply: ["Nous acceptons l'imprégnation pour ce lot seulement.", 'Merci de scanner toutes les pièces avant expédition.', "Le plan est validé, l'indice C vous a été transmis."],
    ask: ['Quand pouvez-vous recouler ?', 'Le devis comprend-il les pièces types ?', 'Acceptez-vous un audit le $date ?'],
  },
  {
    slug: 'spare-part-shipping', lang: 'en', with: 'logistics',
    subjects: ['Customs hold: crate $order', 'Pick-up $city, two pallets', 'Damaged crate on arrival, claim $ticket'],
    open: ['Crate $order is held by customs in $city because the tariff code is questioned.', 'The driver noted a {cracked|tilted} crate at delivery, shock label red.'],
    say: [
      'They read the $part as a motor, which is 8501 and not 8483.', 'Storage costs $sum a day from $date on.', 'Loading metres: 2.$n, gross weight $big kg, stackable.',
      'The liftgate truck can come on $date between eight and noon.', 'Please send the commercial invoice with the EORI number and the incoterm DAP.',
      'Our insurer needs photos of all four sides and the tilt indicator.', 'The ferry was cancelled, so the trailer goes through the tunnel.',
    ],
    reply: ['Customs released it this morning, delivery is planned for $date.', 'I attached the packing list and a statement of origin.', 'We accept the claim up to $sum.'],
    ask: ['Who pays the storage?', 'Is a dock available after 16:00?', 'Shall we re-book by air?'],
  },
  {
    slug: 'vision-roadmap', lang: 'en', with: 'home',
    subjects: ['Bin picking: grasp success below target', 'Roadmap vision kit, second half', 'Training data from $city'],
    open: ['Grasp success on mixed bins sits at $pct below the target we promised.', 'Here is what I would build next for the vision kit, and what I would drop.'],
    say: [
      'Transparent blister packs confuse the depth network; the polarised light helps a little.', 'Labelling $big frames took the two students five weeks.',
      'Inference on the edge box takes $n ms, of which a third is resizing.', 'I would drop the cloud trainer, only one customer ever used it.',
      'The suction score ignores the centre of mass, so long parts swing.', '$colleague suggests synthetic scenes with randomised gloss.',
      'Version 3 of the calibration board survives the dishwasher.',
    ],
    reply: [
      'Agreed, gloss first, then the long parts.', 'The new network gains nine points on the hard set and loses one on the easy set.',
      'Let us not promise bin picking to anyone before $kw.',
    ],
    ask: ['Which customer data may we train on?', 'Can someone review the benchmark by $date?', 'Do we keep the old camera in the price list?'],
  },
];
