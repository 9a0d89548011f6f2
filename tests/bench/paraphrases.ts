/** Sixty short business mails of invented people, and for each a question that shares no content word with it: what only meaning can find. */

/** title | text | question */
const LINES = `
Car broke down | The vehicle stopped on the motorway this morning, the engine is dead and it was towed to a garage. | automobile trouble on the highway
Salary increase | Starting in March your pay goes up by four percent, as agreed in your review. | raise in wages
Office closed | Nobody will be at the building on Friday because of the public holiday. | are we shut for the festival
Late delivery | The goods will arrive two weeks after the date we promised, the ship is stuck in port. | postponed freight of merchandise
Job application | I would like to apply for the position of accountant and attach my resume. | candidate seeking employment in bookkeeping
Broken window | A stone hit the glass in the meeting room, somebody must repair it before it rains. | damaged pane needs fixing
Flight booked | You leave Berlin at nine and land in Madrid at noon, the ticket is in the attachment. | airplane travel reservation
Customer angry | The client shouted on the phone and demands his money back by Monday. | furious buyer wants a refund
New doctor | Our company physician now sees employees every Tuesday morning. | medical examination by a nurse or clinician for staff
Fire drill | Tomorrow at ten the alarm will sound, leave the building by the stairs. | evacuation exercise in an emergency
Tax deadline | The return must reach the authority by the end of May or we pay a penalty. | last day for filing with the revenue office
Stolen laptop | My computer was taken from the train, please lock my account at once. | notebook theft, block access
Birthday cake | Maria turns forty on Thursday, we collect for flowers and something sweet. | anniversary celebration gift for a colleague
Water leak | The pipe above the archive drips and the files are getting wet. | plumbing flood damages documents
Rent rises | The landlord asks for three hundred more each month from January. | higher lease cost of the apartment
Meeting moved | Our appointment is no longer at two but at four, same room. | rescheduled conference time
Bankrupt supplier | The firm that makes our screws is insolvent and a court has taken over. | vendor went out of business
Lost luggage | My suitcase did not come off the belt and the airline has no idea where it is. | missing bags after the trip
Cheap printer | The machine costs half of what we paid last time and prints twice as fast. | inexpensive copier equipment
Pregnant colleague | Julia is expecting a baby in June and will be away for a year. | maternity leave of an employee
Dog in office | May I bring my puppy to work on Fridays, he is quiet and clean. | pets allowed at the workplace
Solar roof | We plan panels on top of the warehouse to make our own electricity. | renewable energy from the sun for the storage building
Snow chaos | The roads are white and icy, most drivers could not come in today. | winter weather stopped traffic
Wine order | Please send twelve bottles of the red and six of the white for the reception. | alcohol beverages for the party
Password expired | I cannot log in any more, the system says my secret word is too old. | renew my credentials to sign on
Contract ends | The agreement runs out in September and we do not want to extend it. | termination of the deal, no renewal
Good quarter | We sold more than ever and profit doubled compared to last year. | record earnings and revenue growth
Sick today | I have a fever and stay in bed, please take over my calls. | ill with flu, absent
Bus strike | The drivers walk out on Wednesday, so take a bicycle or come later. | public transport labor protest
Road works | The street in front of our gate is dug up until August, trucks must use the back. | construction blocks the entrance
Museum visit | The children of our staff are invited to see the paintings on Sunday. | art gallery excursion for kids
Bad review | A guest wrote on the internet that the food was cold and the waiter rude. | negative feedback about the restaurant meal
House sale | We found a buyer for the property, the notary has the papers. | real estate purchase closed by a lawyer
Ship insurance | The policy covers the vessel against storm and piracy. | maritime coverage of risk for boats
Fast internet | The new fibre line is ten times quicker than the old cable. | broadband speed upgrade
School visit | Twenty pupils want to look at our factory and ask what engineers do. | students tour the plant
Noise complaint | The neighbours cannot sleep because of our machines at night. | residents upset about loud equipment
Coffee machine | It makes terrible espresso since yesterday, can the technician come. | brewing appliance tastes awful, repair
Fake invoice | Somebody sent us a bill for something we never bought, do not pay it. | fraud attempt with a bogus statement of charges
Old server | The machine in the basement is twelve years of age and may fail any day, replace it. | obsolete computer hardware upgrade
Trainee starts | A young woman begins her apprenticeship with us in autumn, show her around. | new intern joining the team
Forest fire | The blaze came within a mile of our depot, everybody is safe. | wildfire near the warehouse
Gym discount | Members of our firm train for half the price at the fitness studio. | cheaper sports club for workers
Heart attack | Our driver collapsed at the wheel and is in hospital, he will recover. | cardiac emergency of a chauffeur
Cancelled concert | The band will not play on Saturday, tickets are refunded. | musicians called off the show
Oil price | Crude got dearer again, our heating will cost a fortune. | expensive petroleum and fuel
Language class | Learn Spanish at lunch, a teacher comes on Mondays and Thursdays. | foreign tongue lessons
Election day | You get two hours off to cast your ballot. | time to vote for parliament
Data leak | Names and addresses of users were visible on the web for an hour. | privacy breach exposed personal information
Wedding leave | I marry in July and would like to be away for three weeks. | vacation for my marriage ceremony
Cheese allergy | Do not put any milk product into my lunch, I get a rash. | dairy intolerance
Slow website | Visitors wait ten seconds for the page and then go away. | poor online performance loses traffic
Empty battery | The forklift will not start, nobody plugged it in overnight. | electric truck needs charging
Gold watch | After thirty years of service Karl retires, we give him a timepiece. | pension farewell present
Sunday shift | Who can work at the weekend, we pay double. | overtime on days off
Wrong size | The shoes are too small, I send them back and want a bigger pair. | exchange footwear that does not fit
Court date | The judge will hear our case on the third of October. | trial in the lawsuit
Moving house | From next month I live in Lyon, please note my new address. | relocation to another city
Bridge closed | Heavy trucks may not cross the river there until it is repaired. | passage shut for lorries
Exam passed | I now hold the certificate and may call myself an engineer. | graduated and got a degree`;

interface Paraphrase { title: string; text: string; q: string }

export const paraphrases: readonly Paraphrase[] = LINES.trim().split('\n').map((line) => {
  const [title, text, q] = line.split('|').map((part) => part.trim()) as [string, string, string];
  return { title, text, q };
});
