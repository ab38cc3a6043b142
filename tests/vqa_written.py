# ruff: noqa: E501
"""Made-up captions with questions and answers, judged by hand before the program saw them.

Each caption has pairs: question, answer, and the reason for which it must be rejected, None where it
must be accepted. `docs/questions.md` has what the first run on each set gave.
"""

from __future__ import annotations

Pair = tuple[str, str, str | None]

WRITTEN: tuple[tuple[str, tuple[Pair, ...]], ...] = (
    (
        "Figure 22.14 Sporotrichosis. Linear chain of ulcerated nodules along the left forearm of a 58-year-old gardener.",
        (
            ("How are the nodules arranged?", "They form a linear chain.", None),
            ("Which forearm is affected?", "The left forearm.", None),
            ("Which forearm is affected?", "The right forearm is affected.", "contradiction"),
            ("Is the patient in his fifties?", "Yes, the patient is 58 years old.", "unsupported"),
            ("What is the surface of the nodules like?", "The nodules are ulcerated.", None),
            (
                "Which organism causes this infection?",
                "Sporothrix schenckii causes it.",
                "unsupported",
            ),
            (
                "How is this treated?",
                "It is usually treated with itraconazole for several months.",
                "advice",
            ),
        ),
    ),
    (
        "Fig 3-9. Dermoscopy of a seborrhoeic keratosis: milia-like cysts and comedo-like openings; no pigment network is seen.",
        (
            (
                "What dermoscopic structures are visible?",
                "Milia-like cysts and comedo-like openings are visible.",
                None,
            ),
            ("Is a pigment network present?", "No, there is no pigment network.", None),
            (
                "Is a pigment network present?",
                "Yes, a regular pigment network is present.",
                "contradiction",
            ),
            (
                "Are hairpin vessels seen?",
                "Yes, hairpin vessels are seen at the periphery.",
                "unsupported",
            ),
            ("What is the diagnosis?", "The diagnosis is seborrheic keratosis.", None),
            ("What is the diagnosis?", "The diagnosis is melanoma.", "contradiction"),
            ("What kind of image is this?", "This is a dermoscopic image.", None),
        ),
    ),
    (
        "Plate 41. Erythema nodosum: tender, red nodules on both shins of a young woman; the thighs were spared.",
        (
            ("Where are the nodules?", "They are on both shins.", None),
            ("Are the thighs involved?", "No, the thighs are spared.", None),
            ("Are the thighs involved?", "Yes, the thighs are involved as well.", "contradiction"),
            ("What is the sex of the patient?", "The patient is a woman.", None),
            ("What is the sex of the patient?", "The patient is a man.", "contradiction"),
            ("What colour are the nodules?", "The nodules are red.", None),
            ("What colour are the nodules?", "The nodules are blue.", "contradiction"),
            ("How old is the patient?", "She is 27 years old.", "unsupported"),
        ),
    ),
    (
        "Figure 8.2 Dermatitis herpetiformis. Papillary dermal microabscesses filled with neutrophils (H and E, x200).",
        (
            ("Which cells fill the microabscesses?", "Neutrophils fill the microabscesses.", None),
            (
                "Which cells fill the microabscesses?",
                "They are filled with plasma cells.",
                "contradiction",
            ),
            ("In which layer are the microabscesses?", "They lie in the papillary dermis.", None),
            ("What is the magnification of the image?", "The magnification is ×200.", None),
            ("What is the magnification of the image?", "It is ×400.", "contradiction"),
            (
                "What does direct immunofluorescence show?",
                "Granular IgA is deposited in the dermal papillae.",
                "unsupported",
            ),
            ("Who made the section?", "The section was provided by Professor Lindqvist.", "names"),
        ),
    ),
    (
        "Vitiligo. Sharply demarcated, depigmented patches around the mouth and eyes. Note the white eyelashes.",
        (
            ("What colour are the eyelashes?", "The eyelashes are white.", None),
            ("How are the patches defined?", "They are sharply demarcated.", None),
            ("How are the patches defined?", "The patches are ill-defined.", "contradiction"),
            (
                "What does this picture of vitiligo demonstrate?",
                "It demonstrates vitiligo.",
                "leak",
            ),
            ("Is the disease autoimmune?", "It may be autoimmune, but this is uncertain.", "hedge"),
            (
                "What does the legend mention about the eyelashes?",
                "The legend mentions that they are white.",
                "refers_to_caption",
            ),
        ),
    ),
    (
        "Fig. 17.6 (a) Nodular melanoma on the calf: black, dome-shaped nodule. (b) The same lesion after excision, with a linear scar.",
        (
            ("What does panel (a) show?", "It shows a black, dome-shaped nodule.", None),
            ("What does panel (b) show?", "Panel b shows a linear scar.", None),
            ("What does panel (b) show?", "It shows a black, dome-shaped nodule.", "contradiction"),
            ("On which part of the leg is the melanoma?", "It is on the calf.", None),
            ("What is the shape of the nodule?", "The nodule is flat.", "contradiction"),
            ("What was the patient's name?", "The patient was called Anna Berger.", "names"),
        ),
    ),
    (
        "FIGURE 5-31 Scabies in a 6-month-old infant. Multiple vesicles and pustules on the soles, with a burrow at the instep.",
        (
            ("How old is the infant?", "The infant is 6 months old.", None),
            ("How old is the infant?", "The infant is 6 years old.", "contradiction"),
            ("What lesions are on the soles?", "There are multiple vesicles and pustules.", None),
            ("Where is the burrow?", "The burrow is at the instep.", None),
            ("Where is the burrow?", "The burrow lies on the wrist.", "contradiction"),
            (
                "Should the family be treated too?",
                "All household members should be treated at the same time.",
                "advice",
            ),
        ),
    ),
    (
        "Fig. 9 Mycosis fungoides, patch stage. Large erythematous patches with fine scale on the buttocks.",
        (
            ("What is the size of the patches?", "The patches are large.", None),
            ("What is the size of the patches?", "They are small.", "contradiction"),
            ("Which stage of mycosis fungoides is shown?", "It is the patch stage.", None),
            ("Is there scale on the patches?", "Yes, there is fine scale.", None),
            (
                "What is seen on the buttocks?",
                "There are large erythematous patches with fine scale.",
                None,
            ),
            (
                "What is the underlying cause of this disease?",
                "It cannot be determined from this image.",
                "hedge",
            ),
        ),
    ),
    (
        "Granuloma annulare. Palisading granuloma around altered collagen in the mid dermis, with mucin (alcian blue).",
        (
            ("Which stain was used?", "Alcian blue was used.", None),
            ("Which stain was used?", "The section is stained with Congo red.", "contradiction"),
            (
                "What surrounds the altered collagen?",
                "A palisading granuloma surrounds the altered collagen.",
                None,
            ),
            (
                "At which level of the skin does the granuloma lie?",
                "It lies in the mid dermis.",
                None,
            ),
            (
                "At which level of the skin does the granuloma lie?",
                "It lies in the subcutis.",
                "contradiction",
            ),
            ("Are eosinophils present?", "Yes, many eosinophils are present.", "unsupported"),
        ),
    ),
    (
        "Figure 11.8. Possible cutaneous sarcoidosis: infiltrated brown-red plaque on the nose.",
        (
            ("What is the suspected diagnosis?", "Cutaneous sarcoidosis is possible.", None),
            ("What colour is the plaque?", "The plaque is brown-red.", None),
            ("Where is the plaque?", "It is on the nose.", None),
            ("Where is the plaque?", "It is on the chin.", "contradiction"),
            ("Is the plaque ulcerated?", "Yes, its centre is ulcerated.", "unsupported"),
        ),
    ),
    (
        "Alopecia areata in a 12-year-old girl. Well-circumscribed bald patch on the occiput without scaling or scarring; exclamation mark hairs at the margin.",
        (
            ("Is scaling present?", "No, there is no scaling.", None),
            ("Is scaling present?", "Yes, the patch is covered with scale.", "contradiction"),
            ("Where are the exclamation mark hairs?", "They are at the margin of the patch.", None),
            ("Is there scarring?", "No, scarring is absent.", None),
            ("How many bald patches are there?", "There are three bald patches.", "unsupported"),
            ("Which age group does the patient belong to?", "She is an adolescent.", None),
            (
                "Which age group does the patient belong to?",
                "The patient is an adult.",
                "contradiction",
            ),
        ),
    ),
    (
        "Fig. 6.3 Tinea pedis. Maceration and fissuring of the fourth toe web.",
        (
            (
                "What changes are visible in the toe web?",
                "Maceration and fissuring are visible.",
                None,
            ),
            ("Which toe web is affected?", "The fourth toe web is affected.", None),
            ("Which toe web is affected?", "The second toe web is affected.", "contradiction"),
            ("What is the name of this infection?", "It is tinea pedis.", None),
            (
                "What does Figure 6.3 show?",
                "Figure 6.3 shows maceration of the toe web.",
                "refers_to_caption",
            ),
        ),
    ),
    (
        "Kaposi sarcoma: multiple violaceous plaques and nodules on the lower legs of an elderly man, with marked oedema of the feet.",
        (
            ("What colour are the plaques?", "They are violaceous.", None),
            ("Are there several lesions?", "Yes, there are multiple plaques and nodules.", None),
            ("Is there a single lesion?", "Yes, there is a single lesion.", "contradiction"),
            ("Which part of the body is swollen?", "The feet show marked oedema.", None),
            ("Which age group is the man in?", "He is elderly.", None),
            ("Is he infected with HIV?", "Yes, he is infected with HIV.", "unsupported"),
        ),
    ),
    (
        "Figure 14.2 Herpes zoster. Grouped vesicles on an erythematous base in the right T5 dermatome.",
        (
            ("How are the vesicles arranged?", "The vesicles are grouped.", None),
            (
                "How are the vesicles arranged?",
                "They are scattered over the body.",
                "contradiction",
            ),
            ("What colour is the base?", "The base is erythematous.", None),
            ("On which side are the lesions?", "They are on the right side.", None),
            ("On which side are the lesions?", "They are on the left side.", "contradiction"),
            (
                "Is this condition contagious?",
                "Patients should avoid contact with pregnant women.",
                "advice",
            ),
        ),
    ),
    (
        "Fig. 2 Superficial basal cell carcinoma under the dermatoscope: shiny white-red structureless areas, short fine telangiectasia and small erosions. Leaf-like areas are absent.",
        (
            ("Are leaf-like areas present?", "No, leaf-like areas are absent.", None),
            (
                "Are leaf-like areas present?",
                "Yes, leaf-like areas are present at the border.",
                "contradiction",
            ),
            ("Which vessels are seen?", "Short fine telangiectasia are seen.", None),
            ("Which vessels are seen?", "There are comma vessels.", "contradiction"),
            ("How large are the erosions?", "The erosions are small.", None),
            ("Are the erosions large?", "Yes, there are large erosions.", "contradiction"),
        ),
    ),
    (
        "Naevus of Ota: slate-grey patch of the left cheek and temple with scleral pigmentation.",
        (
            ("What colour is the patch?", "The patch is slate-grey.", None),
            (
                "Which areas of the face are affected?",
                "The left cheek and temple are affected.",
                None,
            ),
            ("Is the sclera pigmented?", "Yes, there is scleral pigmentation.", None),
            (
                "Is the patch on the right side of the face?",
                "Yes, it is on the right cheek.",
                "contradiction",
            ),
            (
                "Is the patch on the right side of the face?",
                "No, it is on the left cheek and temple.",
                None,
            ),
        ),
    ),
    (
        "Figure 19-5 Pyoderma gangrenosum. Deep ulcer, 8 cm across, with an undermined violaceous border and a purulent base.",
        (
            ("How large is the ulcer?", "The ulcer is 8 cm across.", None),
            ("How large is the ulcer?", "It measures 3 cm.", "contradiction"),
            ("What is the border like?", "The border is undermined and violaceous.", None),
            ("What is the base of the ulcer like?", "The base is purulent.", None),
            ("What colour is the base of the ulcer?", "The base is violaceous.", "contradiction"),
            ("Is the ulcer deep?", "Yes, it is a deep ulcer.", None),
            ("Is the ulcer superficial?", "Yes, the ulcer is superficial.", "contradiction"),
        ),
    ),
    (
        "Dermatofibroma: acanthosis above a storiform proliferation of spindle cells with trapped collagen. Haematoxylin-eosin, original magnification ×40.",
        (
            (
                "What change does the epidermis show?",
                "The epidermis shows acanthosis.",
                "unsupported",
            ),
            (
                "What lies below the acanthosis?",
                "There is a storiform proliferation of spindle cells.",
                None,
            ),
            ("Which stain is used?", "Haematoxylin and eosin.", None),
            (
                "Is this a clinical photograph?",
                "Yes, this is a clinical photograph.",
                "contradiction",
            ),
            ("Is this a clinical photograph?", "No, it is a histological section.", None),
            ("What pattern do the spindle cells form?", "They form a storiform pattern.", None),
        ),
    ),
    (
        "Courtesy of Dr Helen Voss. Lupus vulgaris of the ear lobe showing apple-jelly nodules on diascopy.",
        (
            ("What does diascopy show?", "Diascopy shows apple-jelly nodules.", None),
            ("Where is the lesion?", "It is on the ear lobe.", None),
            ("Who supplied this picture?", "It was supplied by Helen Voss.", "names"),
            ("Which disease is shown?", "Lupus vulgaris is shown.", None),
            ("Which disease is shown?", "Leprosy is shown.", "contradiction"),
        ),
    ),
    (
        "Fig. 30.1 Two yellow papules on the upper eyelids (xanthelasma) of a man in his forties.",
        (
            ("How many papules are there?", "There are two papules.", None),
            ("How many papules are there?", "There are five papules.", "contradiction"),
            ("In which decade of life is the patient?", "He is in his forties.", None),
            ("Which eyelids are affected?", "The lower eyelids are affected.", "contradiction"),
            ("What colour are the papules?", "They are yellow.", None),
            (
                "Does the patient have high cholesterol?",
                "It is likely that he has high cholesterol.",
                "hedge",
            ),
        ),
    ),
    (
        "Figure 1. Chronic plaque psoriasis before (left) and after (right) eight weeks of phototherapy.",
        (
            (
                "What treatment was given between the two pictures?",
                "Eight weeks of phototherapy were given.",
                None,
            ),
            ("How long did the phototherapy last?", "It lasted eight weeks.", None),
            ("How long did the phototherapy last?", "It lasted twelve weeks.", "contradiction"),
            ("What is the diagnosis?", "Chronic plaque psoriasis.", None),
            ("What is the best treatment?", "Biologics are the treatment of choice.", "advice"),
        ),
    ),
    (
        "Congenital melanocytic naevus with hypertrichosis on the back of a newborn boy. The surface is verrucous.",
        (
            ("What is the surface of the naevus like?", "The surface is verrucous.", None),
            ("Is the surface smooth?", "No, it is verrucous.", None),
            ("Is the surface smooth?", "Yes, the surface is smooth.", "contradiction"),
            ("Is hair growth increased?", "Yes, there is hypertrichosis.", None),
            ("Is the patient a girl?", "No, the patient is a boy.", None),
            ("Is the patient a girl?", "Yes, the patient is a girl.", "contradiction"),
        ),
    ),
    (
        "Fig. 4.4 Bowen disease. Full-thickness atypia of the epidermis; the basement membrane is intact.",
        (
            ("Is the basement membrane intact?", "Yes, it is intact.", None),
            (
                "Is the basement membrane intact?",
                "No, the basement membrane is ruptured.",
                "contradiction",
            ),
            (
                "How far does the atypia extend?",
                "There is full-thickness atypia of the epidermis.",
                None,
            ),
            (
                "What is Bowen disease?",
                "Bowen disease is squamous cell carcinoma in situ.",
                "needs_no_picture",
            ),
            (
                "Is the tumour invasive?",
                "The image does not allow a statement about invasion.",
                "hedge",
            ),
        ),
    ),
    (
        "Urticaria. Large confluent weals on the trunk; individual weals lasted less than 24 hours. Case no. 48213, seen 12 May 2009.",
        (
            ("What lesions are seen on the trunk?", "There are large confluent weals.", None),
            ("When was the patient seen?", "The patient was seen on 12 May 2009.", "names"),
            ("What is the patient's number?", "The case number is 48213.", "names"),
            ("Are the weals discrete?", "No, they are confluent.", None),
            ("Are the weals discrete?", "Yes, the weals are discrete.", "contradiction"),
        ),
    ),
    (
        "Oral lichen planus: white reticulate striae on the buccal mucosa. The tongue is not affected.",
        (
            ("What pattern do the striae have?", "The striae are reticulate.", None),
            ("Is the tongue affected?", "No, the tongue is not affected.", None),
            ("Is the tongue affected?", "Yes.", "contradiction"),
            ("Are the striae white?", "Yes.", None),
            ("Are the striae white?", "No, they are red.", "contradiction"),
            ("Where are the striae?", "They are on the buccal mucosa.", None),
        ),
    ),
)

#: A second set, written after the rules had been mended by the first one.
WRITTEN_LATER: tuple[tuple[str, tuple[Pair, ...]], ...] = (
    (
        "Figure 25-7. Rosacea in a 47-year-old man. Telangiectatic erythema with scattered papulopustules over the nose and both cheeks; comedones are lacking.",
        (
            (
                "Which lesions are scattered over the cheeks?",
                "Papulopustules are scattered over the cheeks.",
                None,
            ),
            ("Are there any comedones?", "No, comedones are lacking.", None),
            (
                "Are there any comedones?",
                "Yes, there are open comedones on the nose.",
                "contradiction",
            ),
            ("Which parts of the face are involved?", "The nose and both cheeks.", None),
            (
                "Which parts of the face are involved?",
                "The forehead and the chin.",
                "contradiction",
            ),
            ("Could you estimate the age of this man?", "He is 47 years old.", None),
            ("Is the patient over 60 years old?", "Yes, he is 68 years old.", "contradiction"),
            ("What makes it worse?", "Alcohol and hot drinks usually make it worse.", "advice"),
        ),
    ),
    (
        "Trichoscopy of tinea capitis (×20): comma hairs, corkscrew hairs and black dots on a diffusely scaly background.",
        (
            (
                "Name two hair abnormalities that can be seen.",
                "Comma hairs and corkscrew hairs can be seen.",
                None,
            ),
            ("What does the background look like?", "The background is diffusely scaly.", None),
            ("At what magnification was this recorded?", "It was recorded at ×20.", None),
            (
                "Are exclamation mark hairs present?",
                "Yes, exclamation mark hairs are present.",
                "unsupported",
            ),
            ("What infection is this?", "This is tinea capitis.", None),
            ("What infection is this?", "It appears to be a bacterial infection.", "hedge"),
        ),
    ),
    (
        "Fig. 10.19. Leukocytoclastic vasculitis: neutrophils and nuclear dust around dermal vessels with fibrinoid necrosis of their walls; erythrocytes are extravasated (H&E × 250).",
        (
            (
                "What lies around the dermal vessels?",
                "Neutrophils and nuclear dust lie around the dermal vessels.",
                None,
            ),
            ("What has happened to the vessel walls?", "The walls show fibrinoid necrosis.", None),
            ("Are erythrocytes extravasated?", "Yes, they are.", None),
            ("Are there granulomas?", "Yes, there are well-formed granulomas.", "unsupported"),
            (
                "Which cells surround the vessels?",
                "The vessels are surrounded by lymphocytes.",
                "contradiction",
            ),
            ("What magnification was used?", "A magnification of 250 was used.", None),
            ("What magnification was used?", "×100.", "contradiction"),
        ),
    ),
    (
        "Same patient as in Figure 3.1, six weeks later: the bullae have healed, leaving hyperpigmented macules on the forearms.",
        (
            (
                "What remains on the forearms?",
                "Hyperpigmented macules remain on the forearms.",
                None,
            ),
            ("What color are the macules?", "They are hyperpigmented.", None),
            ("Are the bullae still intact?", "Yes, there are many intact bullae.", "contradiction"),
            ("Where are the macules?", "On the lower legs.", "contradiction"),
            ("Who is the patient?", "The patient is Mrs Olga Brandt.", "names"),
        ),
    ),
    (
        "Solitary, firm, skin-coloured nodule, 1.5 cm in diameter, on the dorsum of the left foot. Histology confirmed a schwannoma.",
        (
            ("How many nodules are there?", "There is a single nodule.", None),
            ("How many nodules are there?", "There are multiple nodules.", "contradiction"),
            ("What is the diameter of the nodule?", "Its diameter is 1.5 cm.", None),
            ("What is the diameter of the nodule?", "Its diameter is 15 cm.", "contradiction"),
            ("Which foot is shown?", "The left foot is shown.", None),
            ("What was the histological diagnosis?", "A schwannoma.", None),
            ("What colour is the nodule?", "It is skin-colored.", None),
            ("What colour is the nodule?", "It is bluish.", "contradiction"),
            ("Is the nodule soft?", "No, it is firm.", None),
        ),
    ),
    (
        "Plate 12 Pityriasis versicolor in a teenage girl. Hypopigmented, slightly scaly macules on the upper back, partly confluent.",
        (
            (
                "Describe the macules.",
                "They are hypopigmented, slightly scaly and partly confluent.",
                None,
            ),
            ("Is the scaling slight?", "Yes, the macules are slightly scaly.", None),
            ("Is the patient an adolescent?", "Yes, she is a teenage girl.", None),
            ("Are the macules hyperpigmented?", "Yes, they are hyperpigmented.", "contradiction"),
            ("Are the macules hyperpigmented?", "No, they are hypopigmented.", None),
            ("Which yeast is responsible?", "Malassezia furfur is responsible.", "unsupported"),
            (
                "What does the plate demonstrate according to the text?",
                "According to the text it demonstrates pityriasis versicolor.",
                "refers_to_caption",
            ),
        ),
    ),
    (
        "FIG 44 Digital myxoid cyst over the distal interphalangeal joint of the index finger, with a longitudinal groove of the nail plate.",
        (
            ("Which finger bears the cyst?", "The index finger bears the cyst.", None),
            ("Which finger bears the cyst?", "It is on the thumb.", "contradiction"),
            ("What change does the nail plate show?", "It shows a longitudinal groove.", None),
            (
                "What change does the nail plate show?",
                "The nail plate shows transverse ridging.",
                "unsupported",
            ),
            (
                "Over which joint does the cyst lie?",
                "It lies over the distal interphalangeal joint.",
                None,
            ),
            ("Is surgery needed?", "Surgery may be considered if the cyst is painful.", "advice"),
        ),
    ),
    (
        "Fig. 7. (A) Halo naevus: central brown papule surrounded by a white ring. (B) Dense lymphocytic infiltrate in the dermis (HE, ×100).",
        (
            ("In panel A, what surrounds the papule?", "A white ring surrounds the papule.", None),
            ("In panel A, what colour is the papule?", "The papule is brown.", None),
            ("In panel A, what colour is the papule?", "The papule is white.", "contradiction"),
            ("What infiltrate is seen in panel B?", "A dense lymphocytic infiltrate.", None),
            ("How was the section in panel B stained?", "With haematoxylin and eosin.", None),
            ("In panel A, which stain was used?", "Giemsa was used.", "contradiction"),
            (
                "What does panel A show?",
                "It shows a dense lymphocytic infiltrate.",
                "contradiction",
            ),
        ),
    ),
)

#: A third set, in the manner of the labelled pairs.
WRITTEN_LAST: tuple[tuple[str, tuple[Pair, ...]], ...] = (
    (
        "Figure 6.2 Pemphigus vulgaris. Suprabasal acantholysis with a tombstone appearance of the basal cells (H&E, original magnification ×200).",
        (
            ("At what level is the acantholysis?", "It is suprabasal.", None),
            ("What do the basal cells look like?", "They have a tombstone appearance.", None),
            ("Is the acantholysis subcorneal?", "Yes, it is subcorneal.", "contradiction"),
            (
                "What does direct immunofluorescence reveal?",
                "Intercellular IgG deposits.",
                "unsupported",
            ),
            (
                "How should the patient be managed?",
                "Systemic corticosteroids are the first-line treatment.",
                "advice",
            ),
            (
                "Which technique was used to stain the section?",
                "Haematoxylin and eosin staining.",
                None,
            ),
        ),
    ),
    (
        "Fig. 2.8 Molluscum contagiosum in a 4-year-old girl: multiple dome-shaped, umbilicated papules on the trunk and axilla.",
        (
            ("Is the patient an adult?", "No, she is a child.", None),
            ("What is in the centre of the papules?", "They are umbilicated.", None),
            ("What is the shape of the papules?", "They are dome-shaped.", None),
            ("Are the papules flat?", "Yes, they are flat.", "contradiction"),
            ("Which sites are involved?", "The trunk and axilla are involved.", None),
            ("Which sites are involved?", "The face and neck are involved.", "contradiction"),
            ("What is the patient's age group?", "She is a child.", None),
            ("Is this infection viral?", "It is hard to say from the picture.", "hedge"),
            ("How many papules are there?", "There are twelve papules.", "unsupported"),
            (
                "What does this photograph of molluscum contagiosum show?",
                "Molluscum contagiosum.",
                "leak",
            ),
        ),
    ),
    (
        "Plate 3 Bowen's disease of the finger. Well-defined, erythematous, scaly plaque; the nail is not involved.",
        (
            ("Is the nail involved?", "No, the nail is not involved.", None),
            ("Is the nail involved?", "Yes, the nail is destroyed.", "contradiction"),
            ("How well defined is the plaque?", "The plaque is well-defined.", None),
            ("Describe the lesion.", "It is a well-defined, erythematous, scaly plaque.", None),
            ("Is the plaque ill-defined?", "Yes, its margins are ill-defined.", "contradiction"),
            (
                "What risk does it carry?",
                "It can progress to invasive carcinoma in a small number of cases.",
                "unsupported",
            ),
            ("Which finger is affected?", "The ring finger is affected.", "unsupported"),
        ),
    ),
    (
        "Figure 13-4. Dermoscopy of a blue naevus showing a homogeneous steel-blue pattern without any network or globules.",
        (
            ("Are globules present?", "No, there are no globules.", None),
            ("Are globules present?", "Yes, peripheral globules are present.", "contradiction"),
            ("What colour is the pattern?", "It is steel-blue.", None),
            ("Is the pattern homogeneous?", "Yes, the pattern is homogeneous.", None),
            ("What lesion is seen?", "A blue naevus is seen.", None),
            ("What is described in the caption?", "A blue naevus.", "refers_to_caption"),
            (
                "Is it malignant?",
                "Based on the image alone, malignancy cannot be excluded.",
                "hedge",
            ),
        ),
    ),
    (
        "FIGURE 18.1 Acute urticaria. Transient, oedematous weals on the thighs of a 30-year-old man two hours after penicillin.",
        (
            ("What are the lesions?", "They are oedematous weals.", None),
            ("Which part of the body is affected?", "The thighs.", None),
            ("What preceded the eruption?", "It appeared two hours after penicillin.", None),
            ("Is the patient female?", "No, the patient is a man.", None),
            ("Is the urticaria chronic?", "No, it is acute.", None),
            ("Is the urticaria chronic?", "Yes, it is chronic.", "contradiction"),
            ("How old is the man?", "He is thirty years old.", None),
            (
                "How long after penicillin did the weals appear?",
                "They appeared six hours later.",
                "contradiction",
            ),
            ("Who referred the patient?", "He was referred by Dr Jonas Klein.", "names"),
        ),
    ),
    (
        "Fig. 21.7 Squamous cell carcinoma of the lower lip. Ulcerated, indurated nodule with crusting.",
        (
            ("Which lip is affected?", "The lower lip.", None),
            ("Which lip is affected?", "The upper lip.", "contradiction"),
            ("Is the nodule ulcerated?", "Yes, the nodule is ulcerated and indurated.", None),
            ("What lies on the surface?", "There is crusting.", None),
            (
                "Are there enlarged lymph nodes?",
                "Yes, the submandibular nodes are enlarged.",
                "unsupported",
            ),
            ("What type of cancer is this?", "It is a squamous cell carcinoma.", None),
            ("What type of cancer is this?", "It is a basal cell carcinoma.", "contradiction"),
            ("Does the patient smoke?", "The patient is a heavy smoker.", "unsupported"),
        ),
    ),
)


#: Written after the checker's misses on pairs of the owner: prefixes of sites, sides, magnifications,
#: invasion, the course told as if it were seen.
WRITTEN_FRESH: tuple[tuple[str, tuple[Pair, ...]], ...] = (
    (
        "Figure 6.12 Periorificial dermatitis. Monomorphic erythematous papules around the mouth and the eyes of a 24-year-old woman, sparing the vermilion border.",
        (
            (
                "Is the eruption periocular as well as perioral?",
                "Yes, it is both perioral and periocular.",
                None,
            ),
            ("Is the vermilion border affected?", "No, the vermilion border is spared.", None),
            ("Where are the papules?", "They are limited to the perianal skin.", "contradiction"),
        ),
    ),
    (
        "Fig. 11-8 Lentigo maligna on the right cheek of an 81-year-old man: atypical melanocytes confined to the epidermis, melanoma in situ (H&E, 400-fold).",
        (
            (
                "At what magnification was the section photographed?",
                "It was photographed at ×400.",
                None,
            ),
            ("Is the melanoma invasive?", "No, it is in situ.", None),
            (
                "Is the melanoma invasive?",
                "Yes, invasive melanoma is seen in the dermis.",
                "contradiction",
            ),
            ("What is the magnification?", "The magnification is 40x.", "contradiction"),
        ),
    ),
    (
        "Plate 14.3 Zosteriform lichen planus: violaceous papules in a unilateral band on the left flank, following a dermatome.",
        (
            ("Which flank is affected?", "Only the left flank is affected.", None),
            (
                "How are the papules distributed?",
                "They form a band that follows a dermatome.",
                None,
            ),
            ("Are both flanks affected?", "Yes, both flanks are affected.", "contradiction"),
            (
                "Is the band bilateral?",
                "Yes, the band is bilateral and symmetrical.",
                "contradiction",
            ),
        ),
    ),
    (
        "Figure 19.2 Subungual melanoma. Longitudinal brown-black streak of the thumbnail with pigmentation of the proximal nail fold (Hutchinson sign).",
        (
            ("Where is the melanoma located?", "It lies under the nail of the thumb.", None),
            (
                "Is pigment seen on the nail fold?",
                "Yes, the proximal nail fold is pigmented.",
                None,
            ),
            ("Which nail is affected?", "The nail of the great toe is affected.", "contradiction"),
            (
                "Why does this lesion need urgent surgery?",
                "Because subungual melanoma often spreads early.",
                "advice",
            ),
        ),
    ),
    (
        "Fig 10.5 Ulcerated haemangioma of infancy before (a) and six months after (b) oral propranolol; the tumour has flattened and paled.",
        (
            ("How has the tumour changed?", "It has flattened and paled.", None),
            ("In which year was the picture taken?", "It was taken in March 2011.", "names"),
        ),
    ),
    (
        "Figure 3.30 Pityriasis rosea. Herald patch on the trunk and smaller oval plaques with a collarette of scale; the face and the extremities are spared. The eruption resolved after eight weeks.",
        (
            ("What shape are the smaller plaques?", "They are oval.", None),
            ("Are there lesions on the face?", "No, the face is spared.", None),
            ("What kind of scale do the plaques have?", "They have a collarette of scale.", None),
            (
                "What can be seen in this picture?",
                "The eruption resolved after eight weeks.",
                "not_visible",
            ),
        ),
    ),
    (
        "Fig. 16-11. Trichotillomania in a 12-year-old girl. Dermoscopy (×20) shows broken hairs of different lengths, black dots and flame hairs; exclamation mark hairs are lacking.",
        (
            (
                "Which features does dermoscopy show?",
                "It shows broken hairs of different lengths, black dots and flame hairs.",
                None,
            ),
            (
                "Are exclamation mark hairs present?",
                "No, exclamation mark hairs are lacking.",
                None,
            ),
            ("What magnification was used?", "A 20-fold magnification was used.", None),
            (
                "Are exclamation mark hairs present?",
                "Yes, several exclamation mark hairs are visible.",
                "contradiction",
            ),
            ("How old is the girl?", "She is two years old.", "contradiction"),
            (
                "What should the parents do?",
                "They should consult a child psychologist.",
                "advice",
            ),
        ),
    ),
    (
        "Figure 24.1 Intraepidermal carcinoma (Bowen's disease): full-thickness atypia of the epidermis with an intact basement membrane; no dermal invasion.",
        (
            ("Is there dermal invasion?", "No, there is no invasion of the dermis.", None),
            ("Is the basement membrane intact?", "Yes, the basement membrane is intact.", None),
            (
                "Is this an invasive carcinoma?",
                "Yes, it is an invasive carcinoma.",
                "contradiction",
            ),
            ("What does the section show?", "It shows partial-thickness atypia.", "contradiction"),
        ),
    ),
    (
        "FIGURE 8-15 Perianal streptococcal dermatitis: sharply demarcated bright erythema around the anus of a 4-year-old boy.",
        (
            ("Where is the erythema?", "It lies around the anus.", None),
            ("Which site is affected?", "The perianal skin is affected.", None),
            (
                "What is the margin of the erythema like?",
                "The erythema is sharply demarcated.",
                None,
            ),
            ("Where is the erythema?", "It is periumbilical.", "contradiction"),
            (
                "Is this child in pain during defaecation?",
                "Yes, defaecation is painful.",
                "unsupported",
            ),
        ),
    ),
    (
        "Fig. 30.4 Alopecia areata of the scalp. Two well-circumscribed, smooth, non-scarring patches above the left ear.",
        (
            ("How many patches are there?", "There are two patches.", None),
            ("Is the alopecia scarring?", "No, it is non-scarring.", None),
            ("Is the alopecia scarring?", "Yes, there is scarring.", "contradiction"),
            (
                "On which side of the head are the patches?",
                "They are on the right side.",
                "contradiction",
            ),
            (
                "What is alopecia areata?",
                "A patchy non-scarring loss of hair.",
                "needs_no_picture",
            ),
        ),
    ),
    (
        "Figure 12.9 Oral lichen planus: lace-like white network on the buccal mucosa; the gingiva is eroded. Photograph courtesy of Prof. Ada Lindqvist.",
        (
            ("Is the lesion intraoral?", "Yes, it is on the buccal mucosa.", None),
            ("Which part is eroded?", "The gingiva is eroded.", None),
            ("Who provided the picture?", "Prof. Lindqvist provided it.", "names"),
            ("Is the tongue involved?", "Yes, the tongue is involved as well.", "unsupported"),
            (
                "What is in the text about the gingiva?",
                "The text says that it is eroded.",
                "refers_to_caption",
            ),
        ),
    ),
    (
        "Fig 2.6 Nodular melanoma of the back. (a) Dome-shaped, blue-black nodule, 14 mm across. (b) Histology: nests of epithelioid melanocytes in the dermis, Breslow thickness 4.2 mm (HE x 50).",
        (
            (
                "How thick is the melanoma in panel b?",
                "It has a Breslow thickness of 4.2 mm.",
                None,
            ),
            ("How large is the nodule?", "It is 14 mm across.", None),
            (
                "Which cells form nests in the dermis?",
                "Epithelioid melanocytes form the nests.",
                None,
            ),
            ("How large is the nodule?", "It measures 4.2 mm.", "contradiction"),
            (
                "What does panel a show?",
                "It shows nests of epithelioid melanocytes.",
                "contradiction",
            ),
            ("Is the melanoma in situ?", "Yes, it is a melanoma in situ.", "contradiction"),
        ),
    ),
    (
        "Figure 27.3 Acute paronychia of the right index finger: swollen, erythematous, painful nail fold with pus.",
        (
            ("Which finger is affected?", "The right index finger.", None),
            (
                "What does the nail fold look like?",
                "It is swollen and erythematous, and there is pus.",
                None,
            ),
            ("Is the paronychia chronic?", "Yes, it is a chronic paronychia.", "contradiction"),
            ("Which finger is affected?", "Probably the index finger.", "hedge"),
            (
                "What usually causes this infection?",
                "It is most commonly caused by Staphylococcus aureus.",
                "advice",
            ),
        ),
    ),
    (
        "Fig. 4-22 Bilateral ichthyosis-like xerosis of the shins in an elderly patient with hypothyroidism.",
        (
            ("Are both shins affected?", "Yes, the xerosis is bilateral.", None),
            (
                "Is only one shin affected?",
                "Yes, only one shin is affected.",
                "contradiction",
            ),
            (
                "Is the patient an adolescent?",
                "Yes, the patient is an adolescent.",
                "contradiction",
            ),
        ),
    ),
)


#: Written after the rules for `WRITTEN_FRESH`, on the same kinds of statements.
WRITTEN_AFTER_FRESH: tuple[tuple[str, tuple[Pair, ...]], ...] = (
    (
        "Figure 9. Perifollicular haemorrhages on both shins of a 60-year-old man with scurvy.",
        (
            ("Where are the haemorrhages?", "They lie around the hair follicles.", None),
            ("Are the shins affected bilaterally?", "Yes, both shins are affected.", None),
            ("Is the disease unilateral?", "Yes, it is unilateral.", "contradiction"),
            ("Where are the haemorrhages?", "They lie between the follicles.", "contradiction"),
        ),
    ),
    (
        "Fig. 2 Haemangioma above the left eye of an infant, obstructing vision.",
        (
            ("Is the haemangioma supraorbital?", "Yes, it is supraorbital.", None),
            ("Is the haemangioma infraorbital?", "Yes, it lies below the eye.", "contradiction"),
            ("Are both eyes affected?", "Yes, both eyes are affected.", "contradiction"),
        ),
    ),
    (
        "Fig. 3 Subcorneal pustule with neutrophils (PAS, original magnification 200-fold).",
        (
            ("Where is the pustule?", "It lies beneath the horny layer.", None),
            ("What is the magnification?", "x 200.", None),
            ("What is the magnification?", "The image was magnified 400 times.", "contradiction"),
            ("Is the pustule intradermal?", "Yes, the pustule is intradermal.", "contradiction"),
        ),
    ),
    (
        "Figure 4 Squamous cell carcinoma, invasive, of the left auricle; retroauricular scar after an earlier excision.",
        (
            ("Where is the scar?", "The scar is behind the ear.", None),
            ("Is the carcinoma in situ?", "No, it is invasive.", None),
            ("Is the carcinoma in situ?", "Yes, it is a carcinoma in situ.", "contradiction"),
            ("Which ear is affected?", "The right ear.", "contradiction"),
        ),
    ),
    (
        "Plate 5 Herpes labialis: grouped vesicles on the upper lip. The lesions healed within ten days without scarring.",
        (
            ("What does the picture show?", "Grouped vesicles on the upper lip.", None),
            (
                "What is visible in the image?",
                "Lesions that healed within ten days.",
                "not_visible",
            ),
            (
                "How does the image show that the lesions healed?",
                "They healed without scarring within ten days.",
                "not_visible",
            ),
            ("Are the vesicles grouped?", "Yes, they are grouped.", None),
        ),
    ),
    (
        "Fig. 6 Paget disease: unilateral eczematous plaque of the nipple and the areola in a woman.",
        (
            ("Is only one nipple affected?", "Yes, only one nipple is affected.", None),
            ("Are both nipples affected?", "No, the disease is unilateral.", None),
            ("Where is the plaque?", "It is inframammary.", "contradiction"),
        ),
    ),
    (
        "Figure 7. Peristomal pyoderma gangrenosum: painful ulcer beside an ileostomy, 3 cm across and 8 mm deep.",
        (
            ("How deep is the ulcer?", "It is 8 mm deep.", None),
            ("How wide is the ulcer?", "It is 8 mm wide.", "contradiction"),
            ("Where is the ulcer?", "It is close to the stoma.", None),
        ),
    ),
)
