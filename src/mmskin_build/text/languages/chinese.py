from mmskin_build.text.languages.english import ENGLISH as CHINESE
