/** The workbench: what a lighting design studio's mail is about. Invented matters, each with its own words. */
import type { Storyline } from './storyline.ts';

export const LIGHTING: Storyline[] = [
  {
    slug: 'musee-eclairage', lang: 'fr', with: 'customer',
    subjects: ['Éclairage de la salle égyptienne : niveaux de lux', 'Vitrines : reflets sur les $product', 'Exposition temporaire, essais le $date'],
    open: ["Les essais dans la salle égyptienne donnent $n lux sur les papyrus, c'est trop.", 'Le scénographe souhaite une lumière rasante sur les bas-reliefs.'],
    say: [
      'Les conservateurs exigent moins de 50 lux et un IRC supérieur à 95.', "Les vitrines créent un reflet gênant à hauteur des yeux d'enfant.",
      'Nous proposons $n $product avec lentilles elliptiques.', 'La température de 2 700 K jaunit la faïence bleue.',
      'La gradation doit descendre à 0,1 % sans scintillement.', "Le budget des rails supplémentaires s'élève à $sum.",
      'Le gardien signale que le détecteur éteint la salle trop tôt.',
    ],
    reply: ["Nous avons réduit l'intensité et ajouté un filtre anti-UV.", 'Les nouvelles lentilles arrivent le $date.', 'Le conservateur a validé la scène numéro $n.'],
    ask: ['Pouvez-vous passer à la fermeture le $date ?', 'Qui règle les scènes définitives ?', 'Gardons-nous le 3 000 K pour le vestibule ?'],
  },
  {
    slug: 'hotel-terrasse', lang: 'fr', with: 'customer',
    subjects: ['Terrasse du lac : bornes $product', 'Chambres témoin, remarques du $past', 'Avenant $order'],
    open: ['La chambre témoin a plu, sauf la liseuse qui éblouit dans le miroir.', 'Pour la terrasse, nous comptons $n bornes espacées de quatre mètres.'],
    say: [
      'Les bornes doivent résister au gel et aux embruns du lac.', 'La cliente préfère un laiton patiné, sans vernis brillant.',
      'Le variateur près du lit bourdonne au-dessous de $pct.', "L'électricien demande le schéma DALI avant le $date.",
      'Le restaurant veut une ambiance bougie à partir de $time.', "Il faut reprendre l'étanchéité des $n spots du spa.", "L'avenant porte le marché à $amount.",
    ],
    reply: ['Le fabricant change la source, sans supplément.', "Le schéma est joint, avec l'adressage des groupes.", 'Nous viendrons régler les ambiances le $date au soir.'],
    ask: ['Validez-vous le laiton ?', 'À quelle date ouvre la terrasse ?', 'Qui commande les platines ?'],
  },
  {
    slug: 'theatre-rig', lang: 'en', with: 'customer',
    subjects: ['Auditorium dimming curve', 'House lights: $n positions without access', 'Rig plot, revision $n'],
    open: ['The new house lights step visibly when they fade below $pct.', 'Revision $n of the rig plot moves the profile spots to the second bridge.'],
    say: [
      'Stage management wants a fade of $n seconds without any jump.', 'Nobody can reach the soffit once the seats are bolted in.',
      'The old tungsten wash looked warmer on skin; the singers complain.', 'A blue working light behind the prompt corner is missing.',
      'Sound found a whistle from the $product driver at 40 percent.', 'Emergency fittings must stay independent of the desk.',
      'Listed plaster means no new holes, so we clamp to the existing steel.',
    ],
    reply: [
      'A gamma of 2.4 with sixteen-bit control cures the steps.', 'The drivers get a firmware with a higher switching frequency.',
      "We can hang a boatswain's chair from the grid on $date.",
    ],
    ask: ['When is the house dark for a night?', 'May we borrow your desk operator?', 'Who signs for the listed building consent?'],
  },
  {
    slug: 'strassenlicht', lang: 'de', with: 'customer',
    subjects: ['Uferpromenade: Masten und Lichtpunkte', 'Insektenfreundliche Beleuchtung, Los $n', 'Messprotokoll Straßenbeleuchtung'],
    open: ['für die Uferpromenade benötigen wir $n Mastleuchten mit bernsteinfarbenem Licht.', 'das Messprotokoll zeigt eine Gleichmäßigkeit unter 0,4 am Radweg.'],
    say: [
      'Die Naturschutzbehörde verlangt 1.800 Kelvin und Abschaltung ab $time Uhr.', 'Der Masttyp muss eine Windlast nach Zone 2 tragen.',
      'Anwohner beschweren sich über Blendung im ersten Stock.', 'Die Absenkung auf $pct spart rund $sum im Jahr.',
      'Das Erdkabel liegt $n Zentimeter tiefer als im Plan.', 'Die Leuchtenköpfe werden mit Zhaga-Sockel geliefert.',
    ],
    reply: ['wir liefern Abblendraster für die $n Leuchten am Wohnhaus.', 'die neue Lichtberechnung erfüllt Klasse P3.', 'die Masten sind verzinkt und ab $kw lieferbar.'],
    ask: ['Wer beantragt die Aufgrabung?', 'Können Sie ein Musterlicht bis $date aufstellen?', 'Gilt das Angebot auch für Los 2?'],
  },
  {
    slug: 'verre-souffle', lang: 'fr', with: 'supplier',
    subjects: ['Globes soufflés : bulles dans la série $order', 'Teinte ambre, échantillons', 'Casse au transport, $n globes'],
    open: ['La série de $n globes présente des bulles au col.', 'Les échantillons ambre sont trop verts à la lumière du jour.'],
    say: [
      'Le four a été rechargé avec un calcin différent.', "L'épaisseur varie de $n dixièmes entre le haut et le bas.", 'Nous pouvons resouffler la série pour le $date.',
      'Le sablage intérieur masque le défaut mais perd $pct de flux.', "L'emballage en nid d'abeille a réduit la casse.",
      'Le moule en bois de poirier est usé après $big pièces.',
    ],
    reply: ['Nous reprenons les pièces refusées à nos frais.', 'Le nouveau dosage de sélénium est prêt.', 'Merci de garder un globe témoin par couleur.'],
    ask: ['Acceptez-vous une tolérance de teinte ?', "Quand passez-vous à l'atelier ?", 'Faut-il un moule en fonte ?'],
  },
  {
    slug: 'driver-flicker', lang: 'en', with: 'supplier',
    subjects: ['Flicker index Halo 90, sample $n', 'End of life notice: $part', 'Inrush current trips the breaker'],
    open: ['The samples of the Halo 90 driver flicker at 100 Hz when dimmed below $pct.', 'You announced the end of life of the $part for $kw, and we still need $big pieces.'],
    say: [
      'Cameras in the museum show banding although the eye does not.', 'The inrush of $n drivers trips a B16 breaker at every start.',
      'Stand-by losses are 0.$n watts, the regulation allows half a watt.', 'A pin-compatible successor exists but needs another housing.',
      'Your certificate lists the old factory address.', 'Ripple depends on the batch of the electrolytic capacitor.',
    ],
    reply: ['The B revision uses a second stage; samples leave on $date.', 'A last-time buy is possible until $date.', 'We recommend a C16 breaker or an inrush limiter.'],
    ask: ['Can we get ENEC papers for revision B?', 'What is the minimum order for a last-time buy?', 'Is the firmware field-upgradable?'],
  },
  {
    slug: 'concours-place', lang: 'fr', with: 'home',
    subjects: ['Concours : mise en lumière de la place', 'Planches A0 à rendre le $date', 'Maquette et photomontages'],
    open: ['Le rendu du concours est fixé au $date, il nous manque la planche nocturne.', "Le jury veut une intention forte pour la façade de l'ancienne gare."],
    say: [
      "J'ai pensé à une lumière qui suit le niveau du fleuve.", "Les photomontages sont trop bleus, $colleague refait l'étalonnage.",
      'Le mât de $n mètres plombe la perspective.', 'Le chiffrage arrive à $amount, sans le génie civil.', 'La note environnementale doit parler de la trame noire.',
      "L'imprimeur ferme à $time le vendredi.",
    ],
    reply: ['Je prends la façade, tu gardes les platanes.', 'La maquette est chez le découpeur laser.', "On garde l'idée du fleuve, elle est simple."],
    ask: ['Qui relit la note ?', 'On se voit salle $room à $time ?', 'Peux-tu envoyer les plans de la ville ?'],
  },
  {
    slug: 'presse-livre', lang: 'fr', with: 'agency',
    subjects: ['Dossier de presse : visuels HD', "Article sur l'atelier, relecture", 'Refonte du site, arborescence'],
    open: ["La revue publie un portrait de l'atelier dans le numéro de $kw.", "Voici l'arborescence du nouveau site, en trois rubriques."],
    say: [
      'Le photographe demande un droit de reproduction de $sum.', "La légende confond l'Orée et la Lisière.", 'La page projets charge en $n secondes sur mobile.',
      'Le ton doit rester sobre, sans superlatif.', 'Il manque une image de nuit sans voitures.', "Le devis de la refonte s'élève à $amount.",
    ],
    reply: ["Nous avons corrigé la légende et recadré l'image.", 'Le bon à tirer part le $date.', 'La version anglaise suivra.'],
    ask: ['Validez-vous la couverture ?', 'Peut-on citer le musée ?', 'Qui a les droits des photos ?'],
  },
];
