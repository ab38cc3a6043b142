"""What a caption says: its words without the furniture, who is shown, how the picture was made.

1. `folding.py` brings a caption into the one spelling that all rules read, with the way back.
2. `languages/` has a table a language: number words, people, relatives, what is not a patient.
3. `ages.py` finds ages and whose they are, `sexes.py` does so for the sex, `scope.py` has the
   rules on relatives, populations and clauses that both share.
4. `demographics.py` makes one statement of them, `panel_patients.py` binds it to a panel.
5. `top_coding.py` takes ages over 89, and dates that show such an age, out of released text.
6. `clean.py` takes off credits, references and label remains and keeps what it took.
7. `terms.py` finds stain, magnification and credit; `modality_words.py` what speaks for a kind of
   picture; `sensitive_words.py` what speaks for a picture that needs a person's eye.
"""
