/**
 * Words that are known, each with what it can be: given names, places, legal forms, forms of address, and what is written with a capital for another
 * reason. What could be two things is left out: precision comes first.
 */

/** What a word can be; bits, because "Jordan" would be two of them. */
export const GIVEN = 1, PLAIN = 2, PLACE = 4, LEGAL = 8, WEAK_LEGAL = 16, HEAD = 32, HEAD_OF = 64, TITLE = 128, ROLE = 256, BEHIND = 512, OPENER = 1024, KNOWN = 2048, SUFFIX = 4096, STARTER = 8192, MAYBE_GIVEN = 16384;
/** Only a run of words that holds one of these can hold a name. */
export const ANCHORS = GIVEN | MAYBE_GIVEN | PLACE | LEGAL | HEAD | HEAD_OF | TITLE | KNOWN;

const kinds = new Map<string, number>();
const words = (kind: number, list: string): void => { for (const word of list.split(/\s+/)) if (word !== '') kinds.set(word, (kinds.get(word) ?? 0) | kind); };
/** Names of several words, set apart by commas; their first words get the kind. */
function names(kind: number, list: string): ReadonlySet<string> {
  const all = new Set(list.split(',').map((name) => name.replace(/\s+/g, ' ').trim()));
  for (const name of all) words(kind, name.split(' ')[0]!);
  return all;
}

/** What a capitalised word can be; 0: nothing that is known. */
export const kindOf = (word: string): number => kinds.get(word) ?? 0;

/** One bit for the first two letters, the last one and the length of every word that anchors a name: nine words in ten are told from them without being looked up. */
const seen = new Uint8Array(1 << 14);
const slotOf = (text: string, start: number, end: number): number => (text.charCodeAt(start) * 961 + text.charCodeAt(start + 1) * 31 + text.charCodeAt(end - 1) * 7 + (end - start) * 2053) & 0x3fff;
/** Whether a word may be one of ANCHORS; false: it is none. */
export const mayAnchor = (text: string, start: number, end: number): boolean => seen[slotOf(text, start, end)] === 1;

// Not here: Will, May, April, June, Hope, Art, Chase, Guy, Paris ..
words(GIVEN, `
Aaron Abigail Adam Adrian Adriana Agnes Ahmed Aisha Aïcha Alain Alan Albert Alberto Alejandro Alessandro Alex Alexander Alexandra Alexandre Alexis Alfred Ali Alice Alicia Alina Alison Allen Amanda Amara Amber Amélie Amit Amy Ana Anders
Andrea Andreas Andrei Andrew Andy Angela Anja Anita Anke Ann Anna Anne Annette Annika Anthony Antje Antoine Anton Antonio Anya Arjun Arne Arnaud Arnold Arthur Arvind Astrid Axel Aylin Barbara Barry Beata Beate Beatrice Ben Benjamin
Benoît Bernard Bernd Bernhard Bertrand Beth Bettina Birgit Björn Bob Boris Brad Bradley Brandon Brenda Brendan Brent Brian Brigitte Britta Bruce Bruno Bryan Caitlin Cameron Camille Candice Carina Carl Carla Carlos Carmen Carol Carolin
Carolina Caroline Carolyn Carsten Catherine Cathy Cecilia Cédric Celine Céline Chantal Charles Charlie Cheryl Chloé Chris Christa Christel Christiane Christina Christine Christoph Christophe Christopher Cindy Claire Clara Clark Claude
Claudia Claudine Colin Connie Cornelia Courtney Craig Cristina Curtis Cynthia Damien Dan Dana Daniel Daniela Danielle Danny Darren Darryl David Dawn Dean Debbie Deborah Debra Delphine Denis Denise Dennis Derek Detlef Diana Diane Didier
Diego Dieter Dietmar Dirk Dmitri Dolores Dominik Dominique Don Donald Donna Doris Dorothea Dorothy Doug Douglas Duncan Dylan Eberhard Ed Eddie Edgar Edith Eduardo Edward Eileen Elaine Eleanor Elena Elisabeth Elise Elizabeth Elke Ella
Ellen Elliot Élodie Elsa Emil Emily Emma Emmanuel Emre Enrique Eric Erica Erich Erik Erika Ernst Esther Ethan Eugene Eva Evan Evelyn Fabian Fabien Fatima Federico Felix Ferdinand Fernando Fiona Florian Francesca Francesco Francine
Francis Francisco Franck François Françoise Franz Franziska Fred Frédéric Frederick Friedrich Fritz Gabriel Gabriele Gabrielle Gaël Garrett Gary Gavin Geoff Geoffrey Georg George Georges Gerald Gerard Gérard Gerhard Germaine Gert
Gilbert Giles Gilles Gina Giovanni Gisela Giulia Giuseppe Glenn Gloria Gordon Graham Greg Gregor Gregory Greta Gretchen Guillaume Günter Günther Guido Gustavo Hannah Hannes Hans Harald Harold Harry Hartmut Hassan Heather Hector Heidi
Heike Heiko Heinrich Heinz Helen Helena Helene Hélène Helga Helmut Hendrik Henning Henri Henrik Henry Herbert Hermann Hilary Hilde Holger Howard Hubert Hugh Hugo Ian Ibrahim Igor Ilona Imke Inès Inga Inge Ingo Ingrid Irene Irina Iris
Isaac Isabel Isabella Isabelle Ivan Jaclyn Jacob Jacqueline Jacques Jaime Jakob James Jamie Jan Jana Jane Janet Janice Janine Jasmin Jason Javier Jean Jeanne Jeff Jeffrey Jennifer Jens Jeremy Jerome Jérôme Jerry Jesse Jessica Jill Jim
Joachim Joan Joanna Joanne Jochen Joe Joel Joerg Johan Johann Johanna Johannes John Johnny Jon Jonas Jonathan Jörg Jorge Jörn José Josef Joseph Joshua Joyce Juan Juanita Judith Judy Jules Julia Julian Juliane Julie Julien Juliette
Jürgen Justin Jutta Kai Kamal Karen Karin Karl Karsten Kate Katharina Katherine Kathleen Kathrin Kathryn Kathy Katie Katja Katrin Kay Keith Kelly Ken Kenneth Kerstin Kevin Kim Kimberly Kirsten Kofi Klaus Konrad Konstantin Kristen
Kristin Kristina Kristine Kurt Kyle Larissa Larry Lars Laura Laurence Laurent Lauren Léa Lea Lena Leon Leonard Leonardo Leonie Leslie Li Liam Lilian Lily Linda Lindsay Lindsey Lisa Lothar Louis Louisa Louise Luc Luca Lucas Lucia Lucie
Lucy Ludovic Ludwig Luigi Luis Luisa Lukas Lydia Lynn Maeve Maggie Magnus Malcolm Manfred Manuel Manuela Marc Marcel Marcelo Marco Marcus Mareike Margaret Margarete Margaux Maria Marianne Marie Marina Mario Marion Marjorie Markus
Marlene Marta Martha Martin Martina Martine Mary Mathias Mathieu Mathilde Matt Matteo Matthew Matthias Maureen Maurice Maxime Maximilian Meike Melanie Melinda Melissa Mercedes Mia Michael Michaela Michel Michele Michelle Miguel Mike
Mikhail Milena Miriam Mitchell Mohamed Mohammed Moira Mona Monica Monika Monique Muhammad Murielle Nadia Nadine Nancy Naomi Natalia Natalie Natasha Nathalie Nathan Neil Nele Niamh Nicholas Nick Nicola Nicolas Nicole Niels Nigel Niklas
Nikolai Nina Noémie Nora Norbert Norman Oleg Olga Oliver Olivia Olivier Omar Oscar Oskar Otto Owen Pablo Pamela Paola Paolo Pascal Patricia Patrick Paul Paula Pauline Pedro Peggy Penelope Perry Peter Petra Phil Philip Philipp Philippe
Phillip Phyllis Pierre Priya Rachel Rachid Rafael Rainer Raj Rajesh Ralf Ralph Ramon Randall Randy Raphael Raquel Ravi Raymond Rebecca Regina Reinhard Rémi René Renate Ricardo Richard Rick Ricky Rita Rob Robert Roberto Robin Rodney
Roger Roland Rolf Roman Romain Ron Ronald Ronnie Rosemary Ross Roy Ruben Rudolf Ruediger Rüdiger Rupert Russell Ruth Ryan Sabine Sabrina Sally Sam Samantha Samuel Sandra Sandrine Sanjay Sara Sarah Sascha Saskia Scott Sean Sébastien
Sebastian Sergei Sergio Seth Shane Shannon Sharon Shaun Shawn Sheila Shelley Sherry Shirley Sibylle Siegfried Silke Silvia Simon Simone Sonia Sonja Sophia Sophie Stacey Stacy Stan Stefan Stefanie Steffen Stella Stephan Stephanie
Stéphane Stephen Steve Steven Stuart Sue Sunil Suresh Susan Susanna Susanne Suzanne Sven Svenja Svetlana Swen Sybille Sylvia Sylvie Tamara Tammy Tania Tanja Tanya Tara Tatiana Ted Terence Teresa Terry Tessa Thea Theodor Theresa Thierry
Thomas Thorsten Tiffany Tim Tina Tobias Todd Tom Tommy Toni Tony Torben Torsten Tracey Tracy Travis Trevor Tricia Troy Udo Ulf Ulrich Ulrike Ursula Ute Uwe Valentin Valentina Valerie Valérie Vanessa Vera Verena Veronica Vicki Vicky
Victor Vijay Viktor Vince Vincent Virginie Vivian Vladimir Volker Walter Wanda Wayne Wendy Werner Wilhelm William Wolfgang Xavier Yann Yannick Yasemin Yasmin Yolanda Yusuf Yves Yvette Yvonne Zachary Zoe Zoé Käthe Aoife Siobhán Saoirse
Oisín Håkan Bjarne Mikkel Søren Jesper Lotte Maarten Joost Pieter Sander Wouter Femke Agnieszka Katarzyna Małgorzata Piotr Tomasz Paweł Krzysztof Wojciech Grzegorz Jiří Zdeněk Milan Dragan Zoran Goran Mehmet Ayşe Sofia Mia Noah Lina Emilia Hanna Maja Ida Freya Signe Astrid Ingeborg Linnea Elin Karolina Malin Johanna Mats Anders Lennart Göran Björn Jörgen Åsa Matilda Tomás Andrés Raúl Iván Ramón Inés Lucía Sofía Mónica Verónica María Ángel Álvaro Rubén Adrián Mateo Thiago Beatriz Leonor João Luís Gonçalo Rui Vasco Duarte Davide Lorenzo Chiara Elisa Federica Alessia Simona Stefano Riccardo Massimo Enzo Nico Malte Jannik Finn Lasse Torge Hauke Wiebke Frauke Antonia Mathis Maëlle Jérémy Loïc Anaïs Mélanie Aurélie Océane Bastien Corentin Rosalie Éric Étienne Estelle Fleur Ashley Brittany Megan Lindsey Heidi Derrick Wesley Clifford Clayton Lloyd Lowell Nelson Marvin Melvin Ramona Lorraine Rhonda Sherri Sherry Terri Kerry Jodi Jody Marty Maryam Ayesha Imran Tariq Bilal Ravindra Sandeep Vikram Ananya Meera Divya Shreya Nikhil Siddharth Tatsuya Haruka
Hiroshi Kenji Takashi
Yuki Akira Xiao Deepak Anil Rohit Neha Pooja Kavita Lakshmi Srinivas Kwame Ngozi Chinedu Fatou Amadou
`);

/** Given names and other words: they need an initial behind them, or to stand within a sentence. */
words(MAYBE_GIVEN, 'Austin Bill Charlotte Christian Dale Frank Gene Grace Gray Grant Jack Mark Ray Rich Rose Sidney Sydney Victoria Wolf');

export const PLACES = names(PLACE, `
Afghanistan, Albania, Algeria, Angola, Argentina, Armenia, Australia, Austria, Azerbaijan, Bahrain, Bangladesh, Belarus, Belgium, Belgien, Belgique, Bolivia, Bosnia, Botswana, Brazil, Brasilien, Bulgaria, Bulgarien, Cambodia, Cameroon,
Canada, Kanada, Chile, China, Colombia, Costa Rica, Croatia, Kroatien, Cuba, Cyprus, Czech Republic, Denmark, Dänemark, Danemark, Deutschland, Dominican Republic, Ecuador, Egypt, El Salvador, England, Espagne, Estonia, Ethiopia,
Finland, Finnland, France, Frankreich, Germany, Allemagne, Ghana, Great Britain, Großbritannien, Greece, Griechenland, Guatemala, Haiti, Honduras, Hong Kong, Hungary, Ungarn, Iceland, India, Indien, Indonesia, Iran, Iraq, Ireland,
Irland, Israel, Italy, Italien, Italie, Jamaica, Japan, Kazakhstan, Kenya, Kuwait, Latvia, Lebanon, Libya, Liechtenstein, Lithuania, Luxembourg, Luxemburg, Malaysia, Malta, Mexico, Moldova, Monaco, Mongolia, Montenegro, Morocco,
Mozambique, Myanmar, Namibia, Nepal, Netherlands, Niederlande, Pays-Bas, New Zealand, Nicaragua, Nigeria, Norway, Norwegen, Oman, Österreich, Pakistan, Panama, Paraguay, Peru, Philippines, Poland, Polen, Pologne, Portugal, Puerto Rico,
Qatar, Romania, Rumänien, Russia, Russland, Rwanda, Saudi Arabia, Schottland, Schweden, Schweiz, Scotland, Senegal, Serbia, Singapore, Singapur, Slovakia, Slovenia, Somalia, South Africa, South Korea, Spain, Spanien, Sri Lanka, Sudan,
Suisse, Sweden, Switzerland, Syria, Taiwan, Tanzania, Thailand, Tunisia, Uganda, Ukraine, United Arab Emirates, United Kingdom, United States, Uruguay, Uzbekistan, Venezuela, Vietnam, Wales, Yemen, Zambia, Zimbabwe, Alabama, Alaska,
Arizona, Arkansas, California, Colorado, Connecticut, Delaware, Florida, Hawaii, Idaho, Illinois, Indiana, Iowa, Kansas, Kentucky, Louisiana, Maine, Maryland, Massachusetts, Michigan, Minnesota, Mississippi, Missouri, Montana, Nebraska,
Nevada, New Hampshire, New Jersey, New Mexico, New York, North Carolina, North Dakota, Ohio, Oklahoma, Oregon, Pennsylvania, Rhode Island, South Carolina, South Dakota, Tennessee, Texas, Utah, Vermont, West Virginia, Wisconsin, Wyoming,
Ontario, Quebec, Québec, Alberta, Manitoba, British Columbia, Nova Scotia, Saskatchewan, Bayern, Baden-Württemberg, Nordrhein-Westfalen, Niedersachsen, Schleswig-Holstein, Sachsen, Thüringen, Brandenburg, Saarland, Rheinland-Pfalz,
Bretagne, Normandie, Provence, Bavaria, Catalonia, Tuscany, Silicon Valley, Aachen, Aberdeen, Abu Dhabi, Accra, Adelaide, Albuquerque, Amsterdam, Anchorage, Ankara, Antwerp, Athens, Atlanta, Auckland, Augsburg, Baltimore, Bangalore,
Bengaluru, Bangkok, Barcelona, Basel, Baton Rouge, Beijing, Beirut, Belfast, Belgrade, Berlin, Bern, Besançon, Bielefeld, Bilbao, Birmingham, Bochum, Bogotá, Bologna, Bombay, Bonn, Bordeaux, Boston, Bratislava, Braunschweig, Bremen,
Brisbane, Bristol, Brno, Brussels, Bruxelles, Brüssel, Bucharest, Budapest, Buenos Aires, Cairo, Calgary, Cambridge, Canberra, Cape Town, Caracas, Cardiff, Casablanca, Chemnitz, Chicago, Cincinnati, Cleveland, Cologne, Columbus,
Copenhagen, Coventry, Cracow, Dallas, Darmstadt, Delhi, Denver, Des Moines, Detroit, Dijon, Dortmund, Dresden, Dubai, Dublin, Duisburg, Düsseldorf, Edinburgh, Edmonton, Eindhoven, El Paso, Erfurt, Erlangen, Fort Worth, Frankfurt,
Freiburg, Geneva, Genève, Genf, Genoa, Ghent, Glasgow, Gothenburg, Göteborg, Graz, Grenoble, Guangzhou, Hamburg, Hannover, Hanover, Hanoi, Hartford, Heidelberg, Helsinki, Ho Chi Minh City, Honolulu, Houston, Hyderabad, Indianapolis,
Ingolstadt, Innsbruck, Istanbul, Jakarta, Jena, Jerusalem, Johannesburg, Kaiserslautern, Kansas City, Karlsruhe, Kassel, Katowice, Kempten, Kiev, Kyiv, Köln, Konstanz, Kopenhagen, Krakow, Kuala Lumpur, Kyoto, Lagos, Las Vegas, Lausanne,
Leeds, Leicester, Leipzig, Lille, Lima, Linz, Lisbon, Lissabon, Liverpool, Ljubljana, London, Londres, Los Angeles, Louisville, Lucerne, Luzern, Lyon, Madrid, Mailand, Mainz, Málaga, Manchester, Manila, Mannheim, Marseille, Melbourne,
Memphis, Mexico City, Miami, Milan, Milano, Milwaukee, Minneapolis, Minsk, Montevideo, Montpellier, Montreal, Montréal, Moscow, Moskau, Mumbai, München, Munich, Münster, Nairobi, Nantes, Naples, Nashville, New Delhi, New Orleans,
New York City, Newcastle, Nottingham, Nuremberg, Nürnberg, Oklahoma City, Omaha, Orlando, Osaka, Oslo, Ottawa, Palo Alto, Paris, Perth, Philadelphia, Phoenix, Pittsburgh, Plymouth, Portland, Porto, Potsdam, Prague, Prag, Pretoria,
Raleigh, Regensburg, Rennes, Reykjavik, Riga, Rio de Janeiro, Riyadh, Rome, Rostock, Rotterdam, Saarbrücken, Sacramento, Salt Lake City, Salzburg, San Antonio, San Diego, San Francisco, San Jose, Santa Barbara, Santa Fe, Santa Monica,
Santiago, São Paulo, Sao Paulo, Sarajevo, Schwerin, Seattle, Seoul, Seville, Shanghai, Sheffield, Shenzhen, Skopje, Southampton, St. Louis, St. Petersburg, Stockholm, Straßburg, Strasbourg, Stuttgart, Sydney, Taipei, Tallinn, Tampa,
Tbilisi, Tehran, Tel Aviv, The Hague, Tokyo, Toronto, Toulouse, Tripoli, Tucson, Tulsa, Tunis, Turin, Utrecht, Vancouver, Venice, Verona, Vienna, Villeurbanne, Vilnius, Warsaw, Warschau, Washington DC, Wellington, Wien, Wiesbaden,
Winnipeg, Wolfsburg, Wroclaw, Wuppertal, Würzburg, Zagreb, Zürich, Zurich
`);

/** Companies whose name means nothing else, and is not the beginning of a product's. */
export const COMPANIES = names(KNOWN, `
Accenture, Airbus, Allianz, American Express, Arthur Andersen, Bank of America, BASF, Bayer AG, Bertelsmann, BlackRock, BMW, BNP Paribas, Boeing, Bombardier, Bosch, British Airways, British Petroleum, Capgemini, Carrefour, Charles Schwab, Chevron, Cisco Systems,
Citibank, Citigroup, Commerzbank, Continental Airlines, Credit Suisse, Crédit Agricole, Daimler, Deloitte, Deutsche Bahn, Deutsche Bank, Deutsche Post, Deutsche Telekom, Dow Jones, DuPont, Duke Energy, Ericsson, Ernst & Young, ExxonMobil, FedEx,
General Electric, General Motors, Gerling, Goldman Sachs, Hewlett-Packard, Honeywell, HSBC, Hyundai, Infineon, JPMorgan, KPMG, Lehman Brothers, Lockheed Martin, Lufthansa, McKinsey, Merrill Lynch, Michelin, Mitsubishi, Morgan Stanley, Nestlé, Novartis, Nvidia,
Pacific Gas & Electric, Pacific Gas and Electric, Panasonic, PepsiCo, Peugeot, Pfizer, Philip Morris, Philips, Porsche, PricewaterhouseCoopers, Procter & Gamble, Qualcomm, Renault, Rolls-Royce, Saint-Gobain, Salomon Smith Barney, Sanofi, Schneider Electric, Shell Oil, Siemens, Sodexo, Southern California Edison, Telefónica,
ThyssenKrupp, TotalEnergies, Toyota, Unilever, United Airlines, UniCredit, Vattenfall, Veolia, Vodafone, Volkswagen, Volvo, Walmart, Wells Fargo
`);

words(LEGAL, `GmbH KGaA OHG Inc Inc. Incorporated Corp Corp. Corporation LLC L.L.C. LLP L.P. Ltd Ltd. PLC Plc SARL S.A. S.A.S. S.A.R.L. B.V. N.V. ApS Oyj S.p.A. SpA S.r.l. Srl`);
words(LEGAL | WEAK_LEGAL, 'AG KG BV SAS SA Limited');
words(HEAD, 'University Universität Université Airlines Holdings Pharmaceuticals Industries Technologies Ventures Stadtwerke Sparkasse');
words(HEAD_OF, 'University Universität Université Bank Ministry');
words(TITLE, `Mr Mr. Mrs Mrs. Ms Ms. Dr Dr. Prof Prof. Professor Herr Herrn Frau Madame Mme Monsieur Mlle Sir Gov. Governor Sen. Senator Rep. Congressman Congresswoman`);
words(ROLE, `CEO CFO CTO COO President Vice Chairman Chairwoman Governor Gov Gov. Senator Sen Sen. Congressman Congresswoman Representative Rep Rep. Judge Justice Commissioner Secretary Treasurer Director Manager Analyst Attorney Counsel Colonel General Captain Minister Chancellor Mayor Spokesman Spokeswoman Analyst Partner Geschäftsführer Geschäftsführerin Bürgermeister Minister Directeur Directrice`);
words(SUFFIX, 'Jr Jr. Sr Sr. II III IV');
/** They begin names of companies when another word follows: "General Electric", "American Express". */
words(OPENER, `American British Canadian Commercial Deutsche Eastern European Federal First French General German Global Great Industrial International Midwest National Natural New North Northern Northwest Pacific Public Real Red Second South Southern Southwest Standard Systems Union West Western White World`);
/** Behind a name they make something else of it: a street, a school, a paper, a company. */
words(BEHIND, `Bowl Street Road Avenue Drive Lane Boulevard Blvd Hall Hospital School College Center Centre Park Building Tower Award Foundation Associates Partners Group Brothers Bros Sons Stadium Airport County Island Straße Allee Platz Hub Inquirer Chronicle Times Post Journal Tribune Herald Gazette
University Institute Energy Power Gas Oil Bank Capital Consulting Systems Software Services Company Hotel Valley River Lake Creek Beach Bay Hills Springs Church Library Museum Theater Theatre Stiftung Schule Haus Prize Act Bill Agreement Amendment Report Presentation Memo`);

/** A sentence or a list of readers begins with it, and a company may stand behind it. */
words(STARTER, `A An The This That These Those Our Your Their His Her My Its In At On By For From To With Of Under Over Between Into Via Through As Is Are Was And Or But Nor Yet So If When While Since Because Although Whether Once After Before Until Unless Like Unlike Both Either Neither Only Also Dear Hi Hello Then Now Will Would Could Did Does Do
Has Have Had Can May Should Shall Regarding Re Concerning Attn Attention Contact Customer Client Supplier Vendor Parties Party Der Die Das Des Dem Den Ein Eine Einer Einem Eines Bei Beim Von Vom Mit Für Im Am An Auf Aus Zur Zum Zu Nach Seit Durch Gegen Ohne Um Über Unter Vor Hinter Und Oder Aber Auch Als Wie Wenn Dass Weil Firma Kunde Unsere Unser Ihre Ihr
La Le Les Un Une Chez De Du Dans Pour Par Avec Sans Sur Sous Entre Et Ou Mais Donc Notre Votre Leur`);

// Capitalised for another reason: a sentence begins, a day, a month, a form of address, a heading, a German noun. None of them is a surname, and none begins a company's name.
words(PLAIN, `
A About According Account Accounts Act Action Add Additional Address After Again Agenda Agreement All Also Although Amendment American Among An And Annual Any Appendix Application Approval April Are Article As Asia Ask Assistant
Associate At Attached Attachment Attn Attorney August Avenue Based Be Because Before Below Best Between Board Book Both Boulevard Breakfast Brief Building Business But By Call Calls Can Canadian Care Case Center Centre Chairman Chief
Chapter Check Christmas City Class Clause Click Client Clients College Come Comments Commercial Committee Company Conference Confidential Congratulations Contact Contract Contracts Copy Corporate Could Council Counsel Counterparty
Country County Court Credit Current Customer Daily Data Date Day Days Deal Deals Dear December Department Desk Details Did Director Directors Discussion District Division Do Does Document Documents Draft Due During Each East Eastern
Either Email Energy English Enclosed End Europe European Even Every Everyone Exchange Executive Exhibit Expense Expiration Fall Family Fax February Federal Fees File Files Finally Finance Financial First Floor Following For Forward
Forwarded French Fri Friday From Full Further Fwd Gas General German Get Given Global Go Good Got Great Group Guarantee Had Happy Has Have He Head Hello Her Here Hi Highway His Home Hope How However I If Important In Inc Including
Industrial Info Information Inside Instead Insurance International Internet Into Is Issue Issues It Its January Jr July June Just Keep Last Later Law Legal Let Letter License Like Link List Local Look Looking Lunch Main Make Manager
Managing Many Map March Market Marketing Markets Master May Maybe Me Media Meeting Members Memo Message Mid Midwest Mon Monday Month Monthly More Morning Most Move Mr Mrs Ms My Name National Natural Need Net Network New News Next Nice
Night No North Northern Northwest Not Note Notes Notice November Now Number October Of Off Office Officer Oil Ok Okay On Once One Online Only Open Operations Option Or Order Original Other Others Our Out Over Page Park Part Parties
Party Pay Payment People Per Phone Pipeline Place Plan Plant Please Policy Position Power Present President Press Price Prices Pricing Prior Private Product Products Professor Program Project Proposed Public Purchase Question Questions
Quarter Re Read Real Really Received Recent Red Regarding Regards Region Regional Related Release Remember Report Reports Request Resources Response Revised Risk Road Room Sale Sales Same Sat Saturday Schedule School Second Section
Secretary Securities Security See Send Senior Sent September Service Services Several Shall She Should Show Sign Since Sincerely So Social Some Sorry South Southern Southwest Spring Staff Start State States Statement Still Street
Subject Such Suite Summer Sun Sunday Support Sure System Systems Take Talk Tax Team Tech Tel Terms Test Thank Thanks That The Their Them Then There These They Thing Things Third This Those Through Thu Thursday Thus Ticket Time Title To
Today Together Tomorrow Tonight Too Total Tower Trade Trading Training Transaction Transport Travel Treasurer Tue Tuesday Two Under Union Unit Until Up Update Upon US USA Use Valley Version Very Via Vice View Visit Wall Want War Was We
Web Website Wed Wednesday Week Weekly Welcome Well Were West Western What When Where Whether Which While White Who Why Will Winter With Within Without Work Working World Would Year Years Yes Yesterday Yet You Your Aber Ab Abteilung Alle
Allgemeine Als Am Anbei Anlage Anhang Auch Auf Aus Bei Beste Bis Bitte Da Dank Danke Das Dass Dem Den Der Des Dezember Die Dienstag Diese Dieser Dieses Doch Donnerstag Dr Durch Ein Eine Einen Einer Er Es Februar Firma Frau Freitag
Freundliche Für Geehrte Gern Guten Gruß Grüße Haben Hallo Hat Heute Herr Herren Herrn Hiermit Ich Ihr Ihre Ihrem Ihren Ihrer Ihnen Im Ist Januar Jetzt Juli Juni Kann Kein Keine Können Leider Liebe Lieber Lieferung März Mai Mein Meine
Mit Mittwoch Montag Morgen Muss Nach Nächste Neue Nur Ob Oder Ohne Oktober Rechnung Samstag Schöne Sehr Sein Seit Sie Siehe Sind Sonntag Straße Über Um Und Uns Unser Unsere Unter Viele Vielen Vom Von Vor Wann Wegen Weil Wenn Wer Werden
Wie Wir Wird Wo Wurde Zu Zum Zur Zwei Alors Après Au Aussi Aux Avant Avec Avril Bien Bonjour Bonne Ce Ces Cet Cette Chez Cher Chère Comme Cordialement Dans De Depuis Dimanche Directeur Directrice Du Elle En Est Et Février Il Ils Janvier
Je Jeudi Jour Juillet Juin La Le Les Leur Lundi Mais Mardi Mars Merci Mercredi Mes Monsieur Madame Mme Ne Non Nos Notre Nous Novembre Octobre Ou Où Oui Par Pas Pour Pouvez Que Quelle Qui Rue Sa Sans Samedi Se Ses Si Son Sur Tous Tout
Toute Trois Un Une Vendredi Veuillez Vos Votre Vous
`);
words(PLAIN, `
Abend Abgabe Ablauf Absage Adresse Aktion Anfang Anfrage Angaben Angebot Angebote Anliegen Anruf Ansicht Antrag Antwort Arbeit Artikel Aufgabe Aufgaben Auftrag Ausgabe Auskunft Auswertung Auto Bahn Bedarf Bedenken Bedingungen Beispiel
Beitrag Bericht Bescheid Besprechung Besuch Bestellung Betrag Betreff Betrieb Bild Bilder Brief Budget Büro Chef Dateien Datei Daten Datum Dinge Druck Einladung Ende Entwurf Ergebnis Ergebnisse Erfahrung Erfolg Erinnerung Essen Fahrt
Fall Feedback Fehler Ferien Folien Form Forum Frage Fragen Freigabe Freude Frist Gebäude Geburtstag Gedanken Geld Geschäft Gespräch Glück Grund Grüsse Gute Haus Hilfe Hinweis Idee Ideen Info Infos Inhalt Interesse Jahr Jahre Kaffee
Kalender Karte Kauf Kinder Kollege Kollegen Kollegin Konto Kontakt Konzept Kopie Kosten Kunde Kunden Lager Land Leute Licht Lieferant Liste Lösung Lust Mail Mails Maschine Material Menge Minuten Mittag Mittagessen Monat Muster
Nachmittag Nachricht Nähe Nummer Ordner Ort Pause Plan Pläne Platz Post Preis Preise Problem Probleme Produkt Produkte Projekt Projekte Protokoll Prozent Prozess Raum Recht Reise Rest Rücksprache Rückfrage Rückfragen Rückmeldung Sache
Sachen Satz Schluss Schritt Schritte Schulung Seite Seiten Sicht Sinn Software Sommer Stand Start Stelle Steuer Stück Stunde Stunden Tag Tage Teil Teile Termin Termine Test Text Thema Themen Ticket Ton Tür Übergabe Überblick Uhr Umsatz
Unterlagen Unterschrift Urlaub Ursache Verfahren Vergleich Versand Version Vertrag Verträge Vertrieb Video Vorgang Vorschlag Vorschläge Vorteil Wahl Ware Weg Weise Werk Wert Werte Wetter Woche Wochen Wochenende Wort Wunsch Zahl Zahlen
Zeit Zeiten Zeile Ziel Ziele Zimmer Zug Zugang Zusage Zweck Danach Dann Dort Damit Dazu Eben Erst Etwas Ganz Genau Hier Immer Jede Jeder Kommt Machen Mal Man Manche Nichts Nun Schon Selbst Soll Sollte Sonst Trotzdem Vielleicht Weiter
Weitere Weiterhin Welche Wieder Wollen Würde Ziemlich Zudem Zuletzt Accès Accord Ainsi Alors Année Annexe Besoin Bon Bureau Certains Chaque Chers Chères Client Commande Compte Comment Date Demande Demain Dossier Elles Encore Ensuite
Entre Eux Facture Fois Ici Jamais Livraison Lors Maintenant Matin Même Message Modèle Objet Parce Peut Peux Plus Prix Problème Projet Puis Quand Quelques Quoi Réponse Réunion Semaine Seul Seulement Service Soir Souvent Suite Surtout
Tant Très Trop Voici Voilà Vraiment Cc Bcc Fw Copyright Mou Chronology Absolutely Actually Agreed Alert Analysis Announcement Announces Announced Apologies Apparently Appointment Arrival Award Awards Background Backup Basically Better Big Birthday Blue Booking Bug
Bulletin Calendar Campaign Cancelled Cash Catalog Certificate Change Changes Charge Chart Cheers Claim Code Coffee Conclusion Confirmation Confirmed Consultant Content Correct Cost Costs Course Crisis Currently Dashboard Database
Deadline Decision Delivery Demo Departure Design Dial Digital Dinner Drafts Easy Edition Editor Effective Election Enjoy Error Estimate Evening Event Events Everything Excellent Exciting Expected Expenses Extra Fact Feature Field Final
Fine Fortune Foundation Free Fund Funds Fun Future Game Goals Graph Green Guide Guidelines Half Handbook Hearing Hey High Hint History Holiday Hotel Hours Human Idea Image Impact Increase Index Initial Input Inquiry Inquirer Interview
Invitation Invoice Item Items Job Jobs Join Journal Journey Kind Launch Lead Leader Leadership Leave Left Line Lines Live Logo Long Lots Love Maintenance Majority Management Mention Minutes Mobile Model Moreover Named Near Never Nothing
Offer Official Old Only Optional Outcome Overview Owner Package Paper Password Pending Performance Perhaps Photo Photos Plans Platform Podcast Point Portal Possible Potential Presentation Presents Previous Process Profile Progress
Promotion Proposal Protocol Quality Quick Quote Rate Rates Rather Ready Recap Record Records Reference Register Registration Reminder Renewal Reply Requested Required Research Reservation Result Results Return Review Reviews Right Rules
Safety Save Scope Screen Search Sessions Session Setup Several Share Shipping Short Signature Similar Simply Site Skills Slide Slides Small Solution Solutions Soon Source Space Special Specifications Sponsor Sport Standard Status Step
Stop Store Story Strategy Strong Studio Study Subcommittee Subscription Success Suggested Summary Supply Survey Table Target Task Tasks Template Ten Thought Thoughts Three Tip Tips Tool Tools Top Topic Topics Tour Tracking Transcript
Transfer Translation Trip True Try Turn Tutorial Type Unfortunately Unless Urgent User Users Value Voice Volume Vote Warm Warning Warranty Watch Wholesale Wish Workshop Write Wrong Yellow Zone
`);

for (const [word, kind] of kinds) if ((kind & ANCHORS) !== 0) seen[slotOf(word, 0, word.length)] = 1;
